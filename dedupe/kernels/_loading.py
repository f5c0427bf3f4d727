"""What was compiled before in; a kernel, ready to be called, out: nothing but that.

    bytes of the cache  ->  payload()  ->  rebuild()  ->  kernel

Numba loads cached code as if it were to be compiled against: it imports all it knows
of Python and NumPy, and reads the code of every function that the kernel was made of.
A short run would wait longer for that than for its documents. What is asked for here
is left for later, when a kernel is compiled that calls a cached one.

All of it hangs on Numba's inner ways; _cache.py uses it for releases it was seen to
serve, and leaves others to Numba.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import pickle
import sys
from typing import TYPE_CHECKING, Any

from llvmlite import binding
from numba.core.compiler import CompileResult
from numba.core.environment import Environment, _rebuild_env, lookup_environment

if TYPE_CHECKING:
    from collections.abc import Callable


def support_arrays() -> None:
    """Load what Numba knows of NumPy's functions, and leave SciPy alone.

    Numba imports SciPy's linear algebra to learn whether it is there, which takes
    longer than importing Numba. Whether it can be found is answer enough: what
    uses it asks again, when it is compiled.
    """
    if "numba.np.arraymath" in sys.modules:
        return
    from numba.np import linalg

    asked = getattr(linalg, "ensure_blas", None)

    def find_scipy() -> None:
        if importlib.util.find_spec("scipy") is None:
            raise ImportError("scipy is required for linear algebra")

    linalg.ensure_blas = find_scipy
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = asked


def payload(data: bytes) -> Any:
    """Unpickle what Numba cached of a kernel."""
    return _Unpickler(io.BytesIO(data)).load()


class _Unpickler(pickle.Unpickler):
    """Unpickles, from a folder that only its owner can write, without what Numba would import."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (_rebuild_env.__module__, _rebuild_env.__name__):
            return _environment
        return super().find_class(module, name)


def _environment(module: str, constants: list[Any], name: str) -> Any:
    """Return the environment of a function within a kernel, without importing its module.

    Only code that holds Python objects looks at a module's names, and no kernel does. The
    constants are what errors say.
    """
    known: Any = lookup_environment
    found = known(name)
    if found is None:
        made: Any = Environment
        loaded = sys.modules.get(module)
        found = made(loaded.__dict__ if loaded else {"__name__": module})
        found.consts[:] = constants
        found.env_name = name
        made._memo[name] = found  # noqa: SLF001 - as Numba does itself
    return found


def rebuild(target_context: Any, cached: tuple[Any, ...]) -> Any:
    """Return a cached kernel; the code it was linked from is parsed when it is asked for.

    Args:
        target_context: Numba's, of this process.
        cached: what CompileResult._reduce made.
    """
    library_data, described, environment, signature, *rest, referenced = cached
    object_mode, lifted, annotation, reload_init = rest
    for function in reload_init:
        function()
    codegen = target_context.codegen()
    names = {described.llvm_func_name, described.llvm_cpython_wrapper_name}
    library = _library(codegen, library_data, names)
    entry = target_context.get_executable(library, described, environment)
    compiled: Any = CompileResult
    result = compiled(
        target_context=target_context,
        typing_context=target_context.typing_context,
        library=library,
        environment=environment,
        entry_point=entry,
        fndesc=described,
        type_annotation=annotation,
        signature=signature,
        objectmode=object_mode,
        lifted=lifted,
        typing_error=None,
        call_helper=None,
        metadata=None,
        reload_init=reload_init,
        referenced_envs=referenced,
    )
    for other in referenced:
        codegen.set_env(other.env_name, other)
    return result


def _library(codegen: Any, data: tuple[str, str, tuple[bytes, bytes]], names: set[str]) -> Any:
    """Put machine code in its place in memory, under its names."""
    name, _, (machine_code, bitcode) = data
    library = codegen.create_library(name)
    library.enable_object_caching()
    library._set_compiled_object(machine_code)  # noqa: SLF001 - as Numba does itself
    library._get_module_for_linking = _linkable(library, bitcode)  # noqa: SLF001
    codegen._engine._defined_symbols |= names  # noqa: SLF001
    library._finalize_final_module()  # noqa: SLF001
    return library


def _linkable(library: Any, bitcode: bytes) -> Callable[[], Any]:
    """Return what parses a library's code for callers that are yet to be compiled."""

    def module() -> Any:
        if library._shared_module is None:  # noqa: SLF001 - as Numba does itself
            library._shared_module = binding.parse_bitcode(bitcode)  # noqa: SLF001
        return library._shared_module  # noqa: SLF001

    return module
