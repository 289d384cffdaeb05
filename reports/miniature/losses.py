"""What a student is told: which document answers, how the teacher would rank, and where its tokens should lie."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy, kl_div, log_softmax, normalize, softmax

from reports.miniature.examples import Batch
from reports.miniature.student import Student, maxsim

SHARPNESS = 25.0
"""By which the teacher's mean similarity becomes a distribution over documents."""
SCALE = 1.0
"""By which a student's score does: the sum over 32 tokens as it is."""
TEACHER, MATCH = 0.7, 1.0


def loss(student: Student, batch: Batch) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of one batch over all heads alike, each head by itself, and its parts for the log."""
    queries_QTH = student.hidden(batch.queries.ids)
    documents_PTH = student.hidden(batch.documents.ids)
    mask_PT = batch.documents.ids.mask_BT
    wanted_QP = softmax(SHARPNESS * _teacher_scores(batch), dim=-1)
    heads = zip(student.vectors(queries_QTH), student.vectors(documents_PTH), strict=True)
    scores = [SCALE * maxsim(queries_QTD, documents_PTD, mask_PT) for queries_QTD, documents_PTD in heads]
    right = torch.stack([cross_entropy(scores_QP, batch.answers_QP) for scores_QP in scores]).mean()
    divergences = [kl_div(log_softmax(scores_QP, dim=-1), wanted_QP, reduction="batchmean") for scores_QP in scores]
    teacher = torch.stack(divergences).mean()
    match = _match(queries_QTH, batch.queries.targets_BTD) + _match(documents_PTH, batch.documents.targets_BTD)
    total = right + TEACHER * teacher + MATCH * match
    return total, {"right": right.item(), "teacher": teacher.item(), "match": match.item() / 2}


@torch.no_grad()
def _teacher_scores(batch: Batch) -> Tensor:
    """Return the teacher's MaxSim (Q, P), as a mean over the query tokens that it knows."""
    known_PT = batch.documents.targets_BTD.abs().sum(dim=-1) > 0
    known_Q = (batch.queries.targets_BTD.abs().sum(dim=-1) > 0).sum(dim=-1).clamp(min=1)
    scores_QP = maxsim(batch.queries.targets_BTD, batch.documents.targets_BTD, known_PT)
    return scores_QP / known_Q[:, None]


def _match(hidden_BTH: Tensor, targets_BTD: Tensor) -> Tensor:
    known_BT = targets_BTD.abs().sum(dim=-1) > 0
    return 1 - cosine_similarity(normalize(hidden_BTH[known_BT], dim=-1), targets_BTD[known_BT], dim=-1).mean()
