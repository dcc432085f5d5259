from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "rongxin.delivery"
    label = "delivery"
