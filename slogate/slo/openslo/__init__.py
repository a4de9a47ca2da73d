"""OpenSLO documents v1, v1alpha and v2alpha: read, checked, resolved and brought to v1."""
