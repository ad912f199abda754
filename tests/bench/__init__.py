"""The speeds that are promised, measured side by side with what there is without us."""
