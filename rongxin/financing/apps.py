from django.apps import AppConfig


class FinancingConfig(AppConfig):
    name = "rongxin.financing"
    label = "financing"
