"""An evaluation harness for late-interaction retrieval that reproduces the jina-colbert-v2 model card.

Read the house from its doors:

    spec        what is to be evaluated, as frozen values
    data        a dataset spec -> a Collection: documents stream, queries and judgments are held
    encode      texts -> TokenVectors, packed, without padding
    retrieve    query vectors x document vectors -> exact MaxSim -> top-k -> Run
    score       Run x judgments -> Scores, per query and mean
    report      Results x published tables -> verdicts, in the card's own layout
    engine      the shards of a pass: on worker processes, or in this one, with reading ahead of encoding
    systems     what the pipeline sees of a model: a collection -> a run per dimension
    pipeline    evaluate(RunSpec) -> the five stages in a row; job writes each result
    status      what a folder of results holds, and the command that does what is missing
    plan        what a command line will cost, and whether there is room
    cli         the command line; the only place where Hydra is known

Beside them: errors, storage (files that are whole or not there), config (mappings -> specs), keys (what can change a
result), watch (progress). Imports go one way, in the order of this list. The library's front door is
`from harness.pipeline import evaluate`.
"""

__version__ = "0.1.0"
