from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "rongxin.records"
    label = "records"
