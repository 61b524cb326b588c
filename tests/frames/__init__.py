"""The frames that ship beside the templates are what the templates say."""
