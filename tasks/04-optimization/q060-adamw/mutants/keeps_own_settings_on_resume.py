# expect: adamw wrong_value
"""Loading restores the moments only: the learning rate and the rest are what the constructor was given."""


class AdamW(AdamW):
    def load_state_dict(self, state_dict):
        own = [{k: v for k, v in group.items() if k != "params"} for group in self.param_groups]
        super().load_state_dict(state_dict)
        for group, settings in zip(self.param_groups, own):
            group.update(settings)
