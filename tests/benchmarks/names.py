"""What variants, records and values are called, where a benchmark writes them and a bar reads them. Needs no torch."""

PYLATE, PYLATE_BF16, SENTENCE = "PyLate fp32", "PyLate bf16", "sentence-transformers fp32"
STRICT, FAST = "harness strict (fp32)", "harness fast (bf16)"

ENCODE, MEAN_COSINE = "documents", "fast: mean cosine"
PRODUCTS = "matrix products of the backbone's widest layer"

MAXSIM = "one dimension"
SCORING = "harness, float32"
LARGE, TILE = "matrix product 4,096 x 4,096 x 4,096", "matrix product 512 x 128 x 1,024, kept in cache"

PREFIX = "prefixes"
ALONE, TOGETHER, APART = "dim 128 alone", "dims 128, 96, 64 in one pass", "dims 128, 96, 64 in three passes"

END_TO_END = "texts to rankings"
EVALUATE, LAID_OUT, FULL_SIZE = "scifact, minilm", "one worker or several", "full size"
WHOLE, ENCODING, SCORES, REST = "whole process", "encoding", "MaxSim", "everything else"

ONE, THREADS, PROCESSES = "one thread", "one process, two threads", "two processes, one thread each"

PLAID = "ranking"
EXACT, INDEX, BUILD, SEARCH = "harness, exact", "fast-plaid, build and search", "its build", "its search"
LEFT_OUT = "harness: a document left out is better in float64 by at most"

MEMORY, MORE = "growing", "largest over smallest, MiB more"

SCALE, SCALE_STAGES, SCALE_READING = "plumbing", "parts of the plumbing", "reading a file"
PER_SECOND, GROWN = "documents in a second", "peak of all documents over a quarter, MiB more"
RIGHT = "value and rankings as planted"

GPU = "encoding and MaxSim"
BACKBONE, PEAK, NOMINAL = "encoding alone", "matrix product 8,192 cubed, bfloat16", "nominal peak, FLOP/s"
WITH_ONE, WITH_THREE = "encoding and MaxSim, dim 128", "encoding and MaxSim, dims 128, 96, 64"
KERNEL_ONE, KERNEL_THREE = "kernel, one dimension", "kernel, three dimensions"
FUSED, PLAIN = "fused kernel", "plain products"
SAME_TOP = "same top 100 in both"


def apart(peer: str) -> str:
    """Return what the largest difference of a component from a peer's vectors is called, before float16."""
    return f"largest difference from {peer}, in float32"


def exact_share(depth: int) -> str:
    """Return what the share of the float64 ranking is called."""
    return f"harness: share of the float64 top {depth}"
