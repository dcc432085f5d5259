from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "rongxin.journal"
    label = "journal"
