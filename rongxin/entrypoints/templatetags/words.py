"""Names and lists of names in a template, in the language of the page: `{{ item.label|named }}`."""

from django import template

from rongxin.entrypoints.portals import wording

register = template.Library()
register.filter("named", wording.named)
register.filter("listed", wording.listed)
