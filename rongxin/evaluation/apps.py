from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "rongxin.evaluation"
    label = "evaluation"
