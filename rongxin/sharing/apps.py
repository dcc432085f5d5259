from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "rongxin.sharing"
    label = "sharing"
