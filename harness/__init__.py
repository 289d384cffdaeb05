"""An evaluation harness for late-interaction retrieval that reproduces the jina-colbert-v2 model card.

Read the house from its doors:

    spec        what is to be evaluated, as frozen values
    data        a dataset spec -> a Collection: documents stream, queries and judgments are held
    encode      texts -> TokenVectors, packed, without padding
    retrieve    query vectors x document vectors -> exact MaxSim -> top-k -> Run
    score       Run x judgments -> Scores, per query and mean
    report      Results x published tables -> verdicts, in the card's own layout
    pipeline    evaluate(RunSpec) -> the five stages in a row
    cli         the command line; the only place where Hydra is known

Imports go one way, in the order of this list. `from harness.pipeline import evaluate` is the library's front door.
"""

__version__ = "0.1.0"
