"""HTML tags that the comment uses itself."""

from __future__ import annotations

OUR_TAGS = {
    *("h3", "h4", "p", "ul", "li", "strong", "em", "code", "pre", "sub", "br", "blockquote"),
    *("details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
