"""Trained models side by side, and the person who puts one to use."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from bozhou_eco.accounts.access import bureau_required, current_user, role_required
from bozhou_eco.accounts.identity import identity_required
from bozhou_eco.accounts.models import Role
from bozhou_eco.common import clock
from vehicles.models import Camera, ModelVersion
from vehicles.services.vision_models import (
    LESS_IS_BETTER,
    ModelRefusedError,
    activate_model,
    retire_model,
    take_advice,
    worse_figures,
)

SETS = {"frozen": "冻结集", "site": "本地复核集"}
FIGURES = {
    "pictures": "图片数",
    "smoke_map50": "烟羽 mAP50",
    "image_recall": "图片召回",
    "clear_flagged": "清洁误报",
    "vehicle_recall": "车辆召回",
    "vehicle_precision": "车辆精度",
}


def _untold(figures: dict[str, float]) -> set[str]:
    """Figures that a set without a plume, or without a clear road, says nothing of."""
    clear = figures.get("clear", 0)
    if not clear:
        return {"clear_flagged"}
    only_clear = figures.get("pictures") == clear
    return {"smoke_map50", "image_recall"} if only_clear else set()


def _rows(model: ModelVersion) -> list[dict[str, object]]:
    """A line for each set and figure: candidate beside active."""
    rows: list[dict[str, object]] = []
    for key, label in SETS.items():
        pair = model.figures.get(key) or {}
        new, old = pair.get("candidate") or {}, pair.get("active") or {}
        for figure, name in FIGURES.items():
            if figure not in new or figure in _untold(new):
                continue
            before = old.get(figure)
            change = None if before is None else new[figure] - before
            worse = change is not None and (
                change > 0 if figure in LESS_IS_BETTER else change < 0
            )
            if figure == "pictures" and pair.get("left_out"):
                name = f"{name}（不含训练用过的 {pair['left_out']} 张）"
            rows.append(
                {
                    "set": label,
                    "name": name,
                    "new": new[figure],
                    "old": before,
                    "worse": worse and figure != "pictures",
                }
            )
    return rows


@require_GET
@bureau_required
def model_list(request: HttpRequest) -> HttpResponse:
    """Registered models with their figures beside the active model's."""
    found = list(ModelVersion.objects.select_related("activated_by"))
    models = [
        {"model": one, "rows": _rows(one), "worse": worse_figures(one.figures)}
        for one in found
    ]
    context = {
        "models": models,
        "built_in": not any(one.active for one in found),
        "may_activate": current_user(request).has_role(Role.LEADER, Role.ADMIN),
    }
    return render(request, "vehicles/vision_models.html", context)


@require_POST
@role_required(Role.LEADER, Role.ADMIN)
@identity_required()
def model_activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a model to use."""
    model = get_object_or_404(ModelVersion, pk=pk)
    try:
        activate_model(
            model=model,
            actor=current_user(request),
            reason=request.POST.get("reason", ""),
            now=clock.now(),
        )
        messages.success(request, f"已启用 {model.name}，后续分段改用该模型。")
    except ModelRefusedError as error:
        messages.error(request, str(error))
    return redirect("vehicles:vision_models")


@require_POST
@role_required(Role.LEADER, Role.ADMIN)
@identity_required()
def model_retire(request: HttpRequest) -> HttpResponse:
    """Go back to the model that came with the platform."""
    retire_model(actor=current_user(request), now=clock.now())
    messages.success(request, "已恢复随平台交付的模型。")
    return redirect("vehicles:vision_models")


@require_POST
@role_required(Role.LEADER, Role.OFFICER)
def camera_thresholds(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the advice that a camera's own captures give."""
    user = current_user(request)
    camera = get_object_or_404(Camera.objects.visible_to(user), pk=pk)
    changes = take_advice(camera=camera, actor=user, now=clock.now())
    if changes:
        words = "、".join(f"{name}={value}" for name, value in changes.items())
        messages.success(request, f"已更新阈值：{words}。")
    else:
        messages.info(request, "没有可采纳的建议。")
    return redirect("vehicles:camera", pk=pk)
