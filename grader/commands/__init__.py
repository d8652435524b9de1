"""The subcommands of `forwardpass`, one module each, imported only when asked for."""
