"""Words that pages everywhere put around a story, by kind and language.

Kinds say what a block is that holds such words; whether it goes is weighed
later, beside all else that is known of the block. No phrase is of one outlet.

How a phrase may stand is its first letter: `w` it is the whole block, `p` the
block begins with it, `a` it stands anywhere in a short block. Letters are
folded as all tokens are: case, accents and punctuation do not count. At most
five words, or five characters of a script written without spaces.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SHARE, SUBSCRIBE, ADVERT, RELATED, LEGAL, COMMENTS, CREDIT, NAVIGATION, META = range(1, 10)
N_KINDS = 10
"""Kinds of phrases, 0 for none."""

_SLOTS = 2048
_FIRST_WORDS = 4096

_PHRASES = (
    # --- English
    (SHARE, "p", "share this|share on|share via|share article|share story|share the story|tweet this"
     "|follow us|find us on|like us on|follow on|follow me on|email this|print this|send to a friend"
     "|share with friends|click to share|click to email|opens in new window|pin it|copy link"),
    (SHARE, "w", "share|shares|tweet|email|e mail|print|facebook|twitter|whatsapp|linkedin|pinterest"
     "|reddit|instagram|youtube|telegram|flipboard|tumblr|messenger|link copied|save|like|google"
     "|x|mail|rss|follow|share options|bookmark"),
    (SUBSCRIBE, "p", "sign up for|sign up to|signup for|subscribe to|subscribe now|subscribe for"
     "|get our|get the latest|get breaking news|get unlimited|join our|enter your email|your email"
     "|already a subscriber|become a member|become a subscriber|support our|support independent"
     "|download our|download the app|to continue reading|thank you for reading|thanks for reading"
     "|thank you for signing|sign in to|log in to|start your free|stay up to date|have a tip"
     "|got a tip|want more|never miss|don t miss|please enable javascript|please enable cookies"
     "|you have been successfully|by signing up|by subscribing|by submitting|by clicking"),
    (SUBSCRIBE, "a", "our newsletter|our newsletters|free newsletter|daily newsletter"
     "|weekly newsletter|in your inbox|to your inbox|email address will not|unsubscribe at any time"
     "|create an account|click here to subscribe|manage subscription"),
    (SUBSCRIBE, "w", "subscribe|sign up|newsletter|newsletters|sign in|log in|login|register|donate"
     "|my account|log out|create account|email address|email newsletters|subscribe today"),
    (ADVERT, "p", "advertisement|sponsored by|sponsored content|paid content|article continues below"
     "|story continues below|content continues below|continue reading below|ads by|promoted by"
     "|scroll to continue|this article contains affiliate|we may earn|we use income earning"),
    (ADVERT, "w", "ad|ads|advertise|advertising|sponsored|promoted|paid post|promo|continue reading"
     "|story continues|loading"),
    (RELATED, "p", "you may also|you might also|you may be interested|more from|more on|more in"
     "|more stories|more news|more about|read more|read next|read also|also read|see also|see more"
     "|watch now|up next|next up|related articles|related stories|related content|related news"
     "|related posts|related topics|related coverage|related video|related links|related read"
     "|recommended for|recommended stories|recommended videos|what to read next|what to watch"
     "|what others are reading|most read|most popular|most viewed|most shared|most commented"
     "|latest news|latest stories|latest from|latest headlines|top stories|top news|top headlines"
     "|popular in|popular on|popular posts|popular stories|trending now|trending stories|trending on"
     "|recent posts|recent articles|recent news|recent stories|recent comments|editors picks"
     "|editor s picks|don t miss|in case you missed|other stories|other news|other articles"
     "|from around the web|from the web|around the web|you ll also|previous article|next article"
     "|previous story|next story|previous post|next post|load more|show more|view more|view all"
     "|see all|browse more|best of|must read|must reads|also on|keep reading|click here for"
     "|read the full|read full|stories you may|we recommend|paid partner|featured stories"),
    (RELATED, "w", "related|recommended|trending|popular|latest|more|next|previous|featured|videos"
     "|video|photos|watch|read|topics|live|breaking news|headlines|gallery|galleries|playlist"
     "|top|new|play|replay|related to this story|also in the news"),
    (LEGAL, "p", "copyright|all rights reserved|this material may not|terms of|privacy policy"
     "|cookie policy|cookies policy|we use cookies|this site uses|this website uses|our site uses"
     "|by using this|by using our|by continuing to|we and our partners|do not sell|your privacy"
     "|your use of|use of this|the views expressed|the opinions expressed|opinions expressed|disclaimer"
     "|no part of this|any reproduction|reproduction of|quotes delayed|market data provided"
     "|data is a real time|powered by|proudly powered|designed by|user agreement|may not be published"
     "|published by|part of the|ad choices|your ad choices|about our ads|report an error"
     "|report a correction|code of ethics|editorial guidelines|site map"),
    (LEGAL, "a", "all rights reserved|rights reserved|privacy policy|terms of service|terms of use"
     "|terms and conditions|terms conditions|privacy notice|privacy statement|use cookies"
     "|published broadcast rewritten or redistributed|cookie preferences|trademark of|trademarks of"),
    (LEGAL, "w", "privacy|terms|accessibility|sitemap|adchoices|legal|legal notice|imprint"
     "|accept|i agree|got it|ok|cookies|corrections|faq|faqs|help"),
    (COMMENTS, "p", "leave a reply|leave a comment|post a comment|join the conversation"
     "|join the discussion|add a comment|view comments|show comments|read comments|no comments"
     "|comments are|comment on this|write a comment|log in to comment|want to join|feel free to"
     "|your email address will|required fields are|save my name|notify me of|reply to"
     "|sort by|report abuse|be the first to|what do you think|let us know|click here to comment"),
    (COMMENTS, "w", "comments|comment|reply|replies|name|website|submit|cancel reply|post comment"
     "|0 comments|1 comment|2 comments|cancel|send|close|report|flag|upvote|edit|delete"),
    (CREDIT, "p", "photo|photos by|photo by|photo credit|photograph by|image|image credit|image source"
     "|image copyright|image caption|images|picture|pictures|file photo|credit|credits|media caption"
     "|screenshot|screengrab|getty images|getty|caption|hide caption|toggle caption|enlarge|source"
     "|view photos|view gallery|view slideshow|slideshow|click to enlarge|tap to expand|courtesy of"
     "|illustration|video by|captured by|play video|watch the video|video caption"),
    (CREDIT, "a", "getty images|via getty|file photo|photo courtesy|ap photo|photo credit"
     "|hide caption|image via|image courtesy"),
    (NAVIGATION, "p", "skip to|jump to|back to top|scroll to top|go to|return to|toggle navigation"
     "|toggle menu|toggle search|open menu|close menu|main menu|main navigation|search for"
     "|about us|contact us|work for us|work with us|advertise with|switch to|choose your|select your"
     "|view desktop|mobile version|click here|you are here|here you can|expand collapse"
     "|our advertisers|letters to the editor|our network|our sites|customer service|edition"),
    (NAVIGATION, "w", "home|news|world|politics|business|sport|sports|opinion|opinions|entertainment"
     "|lifestyle|culture|arts|technology|tech|science|health|education|weather|travel|food|local"
     "|nation|national|international|economy|finance|markets|money|life|style|music|movies|tv|books"
     "|games|celebrity|fashion|auto|cars|obituaries|classifieds|jobs|careers|events|calendar"
     "|podcasts|podcast|radio|blogs|blog|magazine|archive|archives|search|menu|sections|categories"
     "|category|about|contact|contact|advertise with us|press|media|team|staff|shop|store|crime"
     "|traffic|community|property|real estate|us|u s|uk|africa|asia|europe|americas|middle east"
     "|football|soccer|basketball|baseball|tennis|cricket|golf|nfl|nba|mlb|nhl|features|analysis"
     "|editorial|editorials|columnists|crossword|horoscopes|comics|e paper|epaper|digital edition"
     "|today s paper|mobile|apps|english|espanol|deutsch|francais|italiano|portugues|product|products"
     "|services|company|reviews|top|back|skip|navigation|all|other|others|page|pages|follow us"),
    (META, "p", "posted by|posted on|posted in|posted at|published on|published at|published|updated"
     "|last updated|last modified|first published|written by|reported by|filed under|tagged|tags"
     "|topics|keywords|categories|category|views|about the author|author|reading time|estimated reading"
     "|this entry was|this article was|this story has been|originally published|edited by|by admin"),
    (META, "a", "min read|minute read|minutes ago|hours ago|hour ago|days ago|day ago|mins ago"
     "|last updated|minutes read"),
    # --- Spanish
    (SHARE, "p", "comparte|compartir en|comparte en|comparte esta|comparta|siguenos|sigue a|enviar por"
     "|haz clic para compartir"),
    (SHARE, "w", "compartir|imprimir|enviar|correo|guardar|copiar enlace|correo electronico"),
    (SUBSCRIBE, "p", "suscribete|suscribase|suscribirse|registrate|recibe|inicia sesion|recibir"
     "|recibe en tu correo|apuntate|hazte socio|descarga"),
    (SUBSCRIBE, "a", "boletin|newsletter|en tu correo"),
    (SUBSCRIBE, "w", "iniciar sesion|mi cuenta|suscripcion|suscripciones|acceder|registro"),
    (ADVERT, "w", "publicidad|anuncio|patrocinado|contenido patrocinado|anuncios|sigue leyendo"),
    (RELATED, "p", "te puede interesar|tambien te puede|te recomendamos|lee tambien|lea tambien"
     "|leer mas|lea mas|ver mas|mas noticias|mas informacion|mas sobre|mas leidas|lo mas leido"
     "|lo mas visto|noticias relacionadas|temas relacionados|articulos relacionados|notas relacionadas"
     "|ultimas noticias|tambien puedes leer|le puede interesar|podria interesarte|no te pierdas"
     "|puede interesarte|otras noticias|articulo anterior|siguiente articulo|vea tambien|ver tambien"
     "|entradas recientes|entradas relacionadas|contenido relacionado|seguir leyendo"),
    (RELATED, "w", "relacionados|relacionadas|destacados|tendencias|ultimas|videos|fotos"),
    (LEGAL, "p", "aviso legal|politica de privacidad|politica de cookies|terminos y condiciones"
     "|todos los derechos|derechos reservados|prohibida la reproduccion|utilizamos cookies"
     "|usamos cookies|este sitio web utiliza|este sitio usa|condiciones de uso|prohibida su"),
    (LEGAL, "a", "todos los derechos reservados|derechos reservados|politica de privacidad|cookies"),
    (COMMENTS, "p", "deja un comentario|deja una respuesta|dejar un comentario|escribe un comentario"
     "|ver comentarios|tu direccion de correo|los campos obligatorios|cancelar la respuesta"),
    (COMMENTS, "w", "comentarios|comentar|responder|nombre"),
    (CREDIT, "p", "foto|fotos|imagen|fotografia|credito|pie de foto|archivo"),
    (NAVIGATION, "p", "ir al contenido|saltar al contenido|quienes somos|volver arriba|cartas al"),
    (NAVIGATION, "w", "inicio|portada|noticias|deportes|economia|politica|mundo|cultura|opinion"
     "|sociedad|espectaculos|tecnologia|ciencia|salud|contacto|buscar|menu|secciones|internacional"
     "|nacional|local|sucesos|hemeroteca|publicidad"),
    (META, "p", "publicado|actualizado|etiquetas|archivado en|publicado por|ultima actualizacion"),
    # --- French
    (SHARE, "p", "partager sur|partagez|partager cet|suivez nous|envoyer par|retrouvez nous"),
    (SHARE, "w", "partager|imprimer|envoyer"),
    (SUBSCRIBE, "p", "abonnez vous|inscrivez vous|s abonner|recevez|se connecter|connectez vous"
     "|deja abonne"),
    (SUBSCRIBE, "a", "notre newsletter|lettre d information"),
    (ADVERT, "w", "publicite|annonce|sponsorise|contenu sponsorise"),
    (RELATED, "p", "a lire aussi|lire aussi|lire la suite|a decouvrir|sur le meme sujet|articles lies"
     "|les plus lus|le plus lu|voir aussi|vous aimerez aussi|plus d articles|a voir aussi"
     "|articles similaires|dans la meme rubrique|derniers articles|article precedent|article suivant"),
    (LEGAL, "p", "mentions legales|tous droits reserves|politique de confidentialite"
     "|conditions generales|en poursuivant votre|nous utilisons des cookies|donnees personnelles"),
    (LEGAL, "a", "tous droits reserves"),
    (COMMENTS, "p", "laisser un commentaire|reagir|voir les commentaires|votre adresse"),
    (COMMENTS, "w", "commentaires|commenter|repondre"),
    (CREDIT, "p", "photo|credit photo|legende"),
    (NAVIGATION, "w", "accueil|actualites|a la une|monde|societe|economie|politique|recherche"
     "|rechercher|contact|qui sommes nous"),
    (META, "p", "publie le|mis a jour|mots cles|modifie le"),
    # --- German
    (SHARE, "p", "teilen auf|artikel teilen|folgen sie|auf facebook teilen|per mail"),
    (SHARE, "w", "teilen|drucken|merken|versenden"),
    (SUBSCRIBE, "p", "jetzt abonnieren|newsletter abonnieren|melden sie sich|jetzt anmelden"
     "|registrieren sie"),
    (SUBSCRIBE, "w", "abonnieren|anmelden|abo|registrieren|einloggen"),
    (ADVERT, "w", "anzeige|werbung|anzeigen"),
    (RELATED, "p", "lesen sie auch|lesen sie mehr|mehr zum thema|das konnte sie|auch interessant"
     "|meistgelesen|weitere artikel|weitere nachrichten|mehr lesen|zum thema|mehr aus|mehr zu"
     "|ahnliche artikel|ahnliche beitrage|weiterlesen|neueste beitrage"),
    (LEGAL, "p", "alle rechte vorbehalten|datenschutz|impressum|wir verwenden cookies"
     "|diese website verwendet|nutzungsbedingungen|agb"),
    (LEGAL, "a", "alle rechte vorbehalten"),
    (COMMENTS, "p", "kommentar schreiben|kommentare anzeigen|schreibe einen kommentar"
     "|deine e mail"),
    (COMMENTS, "w", "kommentare|kommentar|antworten"),
    (CREDIT, "p", "foto|bild|quelle|bildquelle"),
    (NAVIGATION, "w", "startseite|nachrichten|politik|wirtschaft|kultur|panorama|suche|kontakt"),
    (META, "p", "veroffentlicht am|aktualisiert|schlagworte|stand"),
    # --- Portuguese, Italian
    (SHARE, "p", "compartilhe|compartilhar no|siga nos|siga a|condividi su|seguici"),
    (SHARE, "w", "compartilhar|compartilhe|imprimir|condividi|stampa|stampa articolo"),
    (SUBSCRIBE, "p", "assine|cadastre se|receba|inscreva se|iscriviti|abbonati"),
    (ADVERT, "w", "publicidade|anuncio|patrocinado|pubblicita|continua apos a publicidade"),
    (RELATED, "p", "leia tambem|leia mais|veja tambem|veja mais|saiba mais|mais lidas|mais lidos"
     "|noticias relacionadas|ultimas noticias|posts relacionados|artigos relacionados|leggi anche"
     "|leggi tutto|articoli correlati|potrebbe interessarti|ti potrebbe interessare|ultime notizie"
     "|post recenti|articoli recenti|voce tambem pode"),
    (LEGAL, "p", "todos os direitos|politica de privacidade|termos de uso|usamos cookies"
     "|tutti i diritti|questo sito utilizza|informativa sulla|utilizziamo i cookie"),
    (LEGAL, "a", "todos os direitos reservados|direitos reservados|tutti i diritti riservati"),
    (COMMENTS, "p", "deixe um comentario|deixe uma resposta|lascia un commento|o seu endereco"),
    (COMMENTS, "w", "comentarios|commenti|rispondi"),
    (CREDIT, "p", "foto|imagem|credito|reproducao|divulgacao"),
    (NAVIGATION, "w", "inicio|esportes|mundo|contato|cronaca|cultura|sport|contatti|chi siamo"),
    (META, "p", "publicado em|atualizado em|pubblicato|pubblicato il|tag"),
    # --- Urdu
    (SHARE, "p", "شیئر کریں|شئیر کریں|ہمیں فالو کریں|فیس بک پر|ٹوئٹر پر|واٹس ایپ پر|دوستوں کو"),
    (SHARE, "w", "شیئر|پرنٹ|ای میل|فیس بک|ٹوئٹر|ٹویٹر|واٹس ایپ"),
    (SUBSCRIBE, "p", "سبسکرائب|ہمارا نیوز لیٹر|نیوز لیٹر|لاگ ان"),
    (ADVERT, "w", "اشتہار|اشتہارات"),
    (RELATED, "p", "مزید پڑھیں|مزید پڑھیے|یہ بھی پڑھیں|مزید خبریں|متعلقہ خبریں|تازہ ترین|مقبول ترین"
     "|مزید دیکھیں|بھی دیکھیں|سب سے زیادہ پڑھی|اہم خبریں|متعلقہ"),
    (LEGAL, "p", "جملہ حقوق|تمام حقوق|کاپی رائٹ|رازداری|استعمال کی شرائط"),
    (LEGAL, "a", "جملہ حقوق|حقوق محفوظ"),
    (COMMENTS, "p", "تبصرہ کریں|تبصرے|اپنی رائے|جواب دیں"),
    (NAVIGATION, "w", "صفحہ اول|سرورق|پاکستان|دنیا|کھیل|تجارت|کاروبار|صحت|انٹرٹینمنٹ|بلاگ|ویڈیوز"
     "|ہوم|رابطہ|ہم سے رابطہ|ہمارے بارے میں|تلاش|شوبز|سائنس"),
    # --- Chinese
    (SHARE, "p", "分享到|分享至|扫码|扫一扫|关注我们|微信扫|分享这|点击分享"),
    (SHARE, "w", "分享|收藏|打印|转发|点赞|微信|微博|朋友圈"),
    (SUBSCRIBE, "p", "订阅|登录|注册|下载客户端|下载"),
    (ADVERT, "w", "广告|推广|赞助"),
    (RELATED, "p", "相关新闻|相关阅读|相关文章|相关报道|推荐阅读|延伸阅读|热门推荐|热门新闻|阅读更多"
     "|更多新闻|最新新闻|猜你喜欢|您可能|你可能|上一篇|下一篇|排行榜|精彩推荐|为您推荐|热点新闻"),
    (LEGAL, "p", "版权所有|版权声明|免责声明|未经授权|未经许可|隐私政策|本网站使用|京公网安备|使用条款"),
    (LEGAL, "a", "版权所有|版權所有|不得转载"),
    (COMMENTS, "p", "发表评论|网友评论|查看评论|我要评论"),
    (COMMENTS, "w", "评论|留言"),
    (CREDIT, "p", "图片来源|责任编辑|责编|编辑"),
    (NAVIGATION, "w", "首页|新闻|国内|国际|财经|体育|娱乐|科技|军事|社会|返回顶部|搜索|关于我们"
     "|联系我们|教育|健康|视频|图片"),
)  # fmt: skip


class Phrases(NamedTuple):
    """The phrases as a table of hashes: see `kernels.blocks.fill_phrases`.

    Shapes (P slots)
        keys    uint64 (P,)
        kinds   uint8  (P,)
        starts  bool   (4096,)
    """

    keys: NDArray[np.uint64]
    kinds: NDArray[np.uint8]
    starts: NDArray[np.bool_]


def phrases() -> Iterator[tuple[str, int, str]]:
    """Yield each phrase with its kind and how it may stand: "w", "p" or "a"."""
    for kind, stands, spellings in _PHRASES:
        for spelling in spellings.split("|"):
            yield spelling, kind, stands


@functools.lru_cache(maxsize=8)
def load_phrases(seed: int) -> Phrases:
    """Hash the phrases with a seed.

    A spelling given twice keeps the wider way to stand, and its later kind.
    """
    from dedupe.kernels import blocks, fold

    ways = {"w": blocks.WHOLE, "p": blocks.PREFIX, "a": blocks.ANYWHERE}
    widest: dict[str, int] = {}
    for spelling, kind, stands in phrases():
        given = kind | ways[stands]
        known = widest.get(spelling, 0)
        widest[spelling] = given if given & ~15 >= known & ~15 else known
    encoded = [spelling.encode() for spelling in widest]
    data = np.frombuffer(b"".join(encoded), np.uint8)
    offsets = np.cumsum([0, *map(len, encoded)])
    table = Phrases(
        np.zeros(_SLOTS * 2, np.uint64),
        np.zeros(_SLOTS * 2, np.uint8),
        np.zeros(_FIRST_WORDS, np.bool_),
    )
    kinds = np.fromiter(widest.values(), np.uint8, len(widest))
    bad = blocks.fill_phrases(data, offsets, kinds, *fold.load_fold()[:2], np.uint64(seed), *table)
    if bad >= 0:
        raise AssertionError(f"phrase {list(widest)[bad]!r} is longer than five words")
    return table
