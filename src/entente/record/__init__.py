"""The record: envelopes, the Merkle tree over them, checkpoints, cosignatures, bodies and offline verification."""
