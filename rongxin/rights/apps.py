from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "rongxin.rights"
    label = "rights"
