"""What connects nodes: the link (:mod:`entente.link.transport`) and bundles by hand (:mod:`entente.link.bundle`).

Both carry the same frames and both feed the node's one ingest path.
"""
