"""The encode stage: texts become packed `TokenVectors` (harness.encode.vectors); padding does not exist."""
