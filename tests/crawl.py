"""A crawl as an operator runs it: a site and settings in, a line of JSON for each event out.

    python tests/crawl.py ADDRESS SETTINGS   ->  {"item": ...}, {"dropped": ...}, {"stats": ...}

The page at ADDRESS/0 is a JSON list of addresses, each of the others an item.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import scrapy
from itemadapter import ItemAdapter
from scrapy import signals
from scrapy.crawler import CrawlerProcess


class Pages(scrapy.Spider):
    name = "pages"

    def parse(self, response: Any) -> Iterator[Any]:
        for address in response.json():
            yield response.follow(address, self.parse_page)

    def parse_page(self, response: Any) -> Iterator[dict[str, Any]]:
        yield {"url": response.url, **response.json()}


def tell(**event: Any) -> None:
    print(json.dumps(event), flush=True)  # noqa: T201 - what the test reads


def tell_item(item: Any) -> None:
    tell(item=ItemAdapter(item).asdict())


def tell_drop(item: Any, exception: BaseException) -> None:
    tell(dropped=ItemAdapter(item).asdict()["url"], reason=str(exception))


def main() -> None:
    process = CrawlerProcess({"LOG_LEVEL": "WARNING", **json.loads(sys.argv[2])})
    crawler = process.create_crawler(Pages)
    crawler.signals.connect(tell_item, signals.item_scraped)
    crawler.signals.connect(tell_drop, signals.item_dropped)
    process.crawl(crawler, start_urls=[sys.argv[1] + "/0"])
    process.start()
    found = crawler.stats.get_stats() if crawler.stats else {}
    tell(stats={name: n for name, n in found.items() if name.startswith("dedupe/")})
    sys.exit(process.bootstrap_failed)


if __name__ == "__main__":
    main()
