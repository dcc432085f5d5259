"""Names, lists of names and days in a template, as its page says them: `{{ item.label|named }}`."""

from django import template

from rongxin.entrypoints.portals import wording

register = template.Library()
register.filter("named", wording.named)
register.filter("listed", wording.listed)
register.filter("day", wording.day)
