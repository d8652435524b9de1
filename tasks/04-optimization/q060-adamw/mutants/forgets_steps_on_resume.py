# expect: adamw wrong_value
"""The moments are saved but the step counts are not, so a resumed run corrects a bias that is long gone."""


class AdamW(AdamW):
    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        for state in self.state.values():
            state["step"] = 0
