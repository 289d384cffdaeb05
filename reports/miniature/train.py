"""Trains the miniature: `python -m reports.miniature.train OUT --data DIR --packages DIR [--untrained]`."""

from __future__ import annotations

import argparse
import logging
import math
import random
import time
from collections import Counter
from pathlib import Path

import torch
from torch.nn.utils import clip_grad_norm_

from reports.miniature.examples import Batch, Marks, paragraph_batch, word_batch
from reports.miniature.layout import write
from reports.miniature.losses import loss
from reports.miniature.prepare import Sources, prepare
from reports.miniature.student import Reader, Student
from reports.miniature.targets import Space, piece_vectors
from reports.miniature.teacher import Teacher
from reports.miniature.text import LANGUAGES, material
from reports.miniature.vocabulary import MARKERS, choose, miniature_tokenizer
from tests.fixtures.e5 import newer_charsmap, packed_file, xlmr_pieces, xlmr_tokenizer

SEED = 20_260
STEPS = 3_000
WARM = 100
RATE = 3e-3
DECAY = 0.01
WORDS_SHARE = 0.5
"""How many of the batches are made of words."""
THREADS = 2
SPREAD = 0.05
"""Standard deviation of the word embeddings at the start."""
LOG = logging.getLogger("miniature")


def train(student: Student, sources: Sources, marks: Marks, steps: int) -> None:
    """Train `student` in place: one batch a step, drawn in an order that the seed fixes."""
    chance = random.Random(SEED)  # noqa: S311 - nothing secret
    plain = [value for value in student.parameters() if value.ndim < 2]
    matrices = [value for value in student.parameters() if value.ndim >= 2]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.98))
    begun, sums = time.monotonic(), Counter()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min((step + 1) / WARM, 0.5 * (1 + math.cos(math.pi * step / steps)))
        kind, batch = _draw(chance, sources, marks)
        total, parts = loss(student, batch)
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        sums.update({f"{kind} {name}": value for name, value in {**parts, "batches": 1.0}.items()})
        if (step + 1) % 100 == 0:
            names = sorted(name for name in sums if not name.endswith("batches"))
            means = {name: round(sums[name] / sums[f"{name.split()[0]} batches"], 3) for name in names}
            LOG.info("%d %.0f s %s", step + 1, time.monotonic() - begun, means)
            sums.clear()


def _draw(chance: random.Random, sources: Sources, marks: Marks) -> tuple[str, Batch]:
    if chance.random() < WORDS_SHARE:
        return "words", word_batch(chance, sources.words[chance.choice(LANGUAGES)], marks)
    return "paragraphs", paragraph_batch(chance, sources.paragraphs, marks)


@torch.no_grad()
def start_from(student: Student, teacher: Teacher, pieces: list[str], known: Space) -> None:
    """Give `student` for each piece what the teacher makes of it on its own, less the mean of its script."""
    rows_VD = piece_vectors(pieces, teacher, known)
    weight_VD = student.backbone.embeddings.word_embeddings.weight
    weight_VD[: len(pieces)] = rows_VD * (SPREAD / rows_VD.std())
    for head in student.heads:
        torch.nn.init.orthogonal_(head.weight)


def main() -> None:
    """Choose the vocabulary, cache the teacher's vectors, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the checkpoint; its heads go beside it")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds xquad_r")
    parser.add_argument("--packages", type=Path, required=True, help="npm's folder node_modules")
    parser.add_argument("--work", type=Path, required=True, help="folder for the teacher and its vectors")
    parser.add_argument("--untrained", action="store_true", help="write the random initialisation")
    parser.add_argument("--steps", type=int, default=STEPS)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(mode=True)
    source = material(chosen.data, chosen.packages)
    pieces = choose(xlmr_pieces(packed_file()), xlmr_tokenizer(), source.texts())
    tokenizer = miniature_tokenizer(pieces, newer_charsmap())
    student = Student(tokenizer.get_vocab_size(), SEED)
    if not chosen.untrained:
        teacher = Teacher(chosen.work)
        marks = Marks(*(tokenizer.token_to_id(mark) for mark in (*MARKERS, "<mask>")))
        sources = prepare(source, teacher, tokenizer)
        start_from(student, teacher, [piece for piece, _ in pieces], sources.known)
        del teacher
        train(student, sources, marks, chosen.steps)
    for folder in write(student, Reader(tokenizer).tokenizer, chosen.out):
        LOG.info("%s", folder)


if __name__ == "__main__":
    main()
