"""Addresses of captures, reviews, cameras and objections."""

from django.urls import URLPattern, path

from vehicles.views import (
    cameras,
    captures,
    objections,
    reviews,
    transfers,
    vision_models,
)

urlpatterns: list[URLPattern] = [
    path("captures/", captures.capture_list, name="captures"),
    path("captures/<int:pk>/", captures.capture, name="capture"),
    path("captures/<int:pk>/evidence/", captures.capture, name="capture_evidence"),
    path("captures/<int:pk>/bundle.zip", captures.bundle, name="capture_bundle"),
    path("captures/<int:pk>/notice.docx", captures.notice, name="capture_notice"),
    path("captures/<int:pk>/transfer.zip", transfers.package, name="capture_transfer"),
    path("captures/transfers/", transfers.transfer_list, name="capture_transfers"),
    path("captures/transfers/replies/", transfers.replies, name="capture_replies"),
    path("captures/<int:pk>/thumb.jpg", captures.thumbnail, name="capture_thumb"),
    path("captures/<int:pk>/check/", captures.check_files, name="capture_check"),
    path(
        "captures/<int:pk>/files/<int:file_pk>/",
        captures.capture_file,
        name="capture_file",
    ),
    path("objections/<int:pk>/answer/", captures.answer, name="objection_answer"),
    path("review/", reviews.review, name="review"),
    path("review/agreement/", reviews.agreement, name="review_agreement"),
    path("review/undo/<int:pk>/", reviews.undo, name="review_undo"),
    path("review/<int:pk>/", reviews.panel, name="review_panel"),
    path("review/<int:pk>/give/", reviews.give, name="review_give"),
    path("review/<int:pk>/hold/", reviews.hold, name="review_hold"),
    path("cameras/", cameras.camera_list, name="cameras"),
    path("cameras/<int:pk>/", cameras.camera, name="camera"),
    path("cameras/<int:pk>/latest.jpg", cameras.snapshot, name="camera_snapshot"),
    path(
        "cameras/<int:pk>/thresholds/",
        vision_models.camera_thresholds,
        name="camera_thresholds",
    ),
    path("models/", vision_models.model_list, name="vision_models"),
    path("models/retire/", vision_models.model_retire, name="vision_model_retire"),
    path(
        "models/<int:pk>/activate/",
        vision_models.model_activate,
        name="vision_model_activate",
    ),
    path("segments/<int:pk>/video.mp4", cameras.segment_video, name="segment_video"),
    path("objection/", objections.find, name="objection"),
    path("objection/<str:token>/", objections.case, name="objection_case"),
    path(
        "objection/<str:token>/<int:file_pk>/",
        objections.evidence,
        name="objection_evidence",
    ),
]
