
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const list = $("list");
  const stories = [...list.querySelectorAll(".story")];

  // A search looks at what a story has of its own, not at headings that all of them have. Case
  // and accents make no difference to it.
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const ownText = (story) => [...story.querySelectorAll("[data-search]")]
    .map((part) => part.textContent).join("\n");
  const words = new Map();
  const wordsOf = (story) => {
    if (!words.has(story)) words.set(story, folded(ownText(story)));
    return words.get(story);
  };

  const show = () => {
    const wanted = folded($("search").value).split(/\s+/).filter(Boolean);
    const band = $("band").value;
    let shown = 0;
    for (const story of stories) {
      const fits = (!band || story.dataset.band === band)
        && wanted.every((word) => wordsOf(story).includes(word));
      story.hidden = !fits;
      shown += fits;
    }
    $("found").textContent = shown === stories.length
      ? `${shown} stories` : `${shown} of ${stories.length} stories`;
  };

  // What has no date comes last, whichever way the others go; what has no origin is least sure.
  const last = (value, otherwise) => (value === "" ? otherwise : value);
  const orders = {
    size: (a, b) => b.dataset.size - a.dataset.size,
    earliest: (a, b) => compare(last(a.dataset.first, "~"), last(b.dataset.first, "~")),
    latest: (a, b) => compare(b.dataset.first, a.dataset.first),
    unsure: (a, b) => last(a.dataset.sure, -1) - last(b.dataset.sure, -1),
  };
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const arrange = () => list.append(...[...stories].sort(orders[$("order").value]));

  const unfold = (open) => {
    for (const story of stories) story.querySelector("details").open = open;
    $("unfold").textContent = open ? "Fold all" : "Unfold all";
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      const isNumber = head.classList.contains("number");
      button.addEventListener("click", () => {
        // Numbers begin with the largest, words with the first.
        const before = head.getAttribute("aria-sort");
        const up = before ? before === "descending" : !isNumber;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const sign = up ? 1 : -1;
        const value = ({ cells }) => cells[column].dataset.value ?? cells[column].textContent.trim();
        body.append(...[...body.rows].sort((a, b) => {
          const [x, y] = [value(a), value(b)];
          if (!x || !y) return Boolean(y) - Boolean(x);
          return sign * (isNumber ? x - y : x.localeCompare(y));
        }));
      });
    });
  };

  const openTarget = () => {
    const target = $(location.hash.slice(1));
    const details = target && target.querySelector("details");
    if (details && stories.includes(target)) details.open = true;
  };

  if (stories.length) {
    $("controls").hidden = false;
    $("search").addEventListener("input", show);
    $("band").addEventListener("change", show);
    $("order").addEventListener("change", arrange);
    $("unfold").addEventListener("click", () => unfold($("unfold").textContent === "Unfold all"));
    show();
  }
  document.querySelectorAll("table.sortable").forEach(sortable);
  addEventListener("hashchange", openTarget);
  openTarget();
})();
