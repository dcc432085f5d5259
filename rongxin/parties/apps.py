from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "rongxin.parties"
    label = "parties"
