"""The states of a conversation that policies predict from, each found once.

At every prediction each policy has Rasa replay the conversation from its first event, and make a state before every
action; a turn does that five times. Here a conversation is replayed once, and later predictions go on where the last
one stopped. Which states a policy gets, and how, is Rasa's own code: only what it reads them from is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker

_REPLAY = "_replay"


@dataclass(frozen=True)
class _Moment:
    """What Rasa asks of a conversation as it was before an action."""

    latest_action: Any
    latest_action_name: str | None
    active_loop_name: str | None
    followup_action: str | None
    state: State

    @classmethod
    def of(cls, tracker: DialogueStateTracker, domain: Domain) -> _Moment:
        return cls(
            tracker.latest_action,
            tracker.latest_action_name,
            tracker.active_loop_name,
            tracker.followup_action,
            domain.get_active_state(tracker),
        )


@dataclass
class _Replay:
    """A conversation as far as it was followed, with the moment before each action."""

    tracker: DialogueStateTracker
    events: list[Event] = field(default_factory=list)
    moments: list[tuple[_Moment, bool]] = field(default_factory=list)

    def goes_on_with(self, events: list[Event]) -> bool:
        """Whether these events are the ones followed, and perhaps more: what was taken back is not there any more."""
        known = len(self.events)
        return known <= len(events) and all(map(_is_same, self.events, events))

    def follow(self, events: list[Event], domain: Domain) -> None:
        for event in events[len(self.events) :]:
            if isinstance(event, ActionExecuted):
                self.moments.append((_Moment.of(self.tracker, domain), event.hide_rule_turn))
            self.tracker.update(event)
            self.events.append(event)


def _is_same(one: Event, other: Event) -> bool:
    return one is other


@dataclass(frozen=True)
class _History:
    """Stands for the conversation in Rasa's code."""

    moments: list[tuple[_Moment, bool]]

    def generate_all_prior_trackers(self) -> list[tuple[_Moment, bool]]:
        return self.moments


class _KnownStates:
    """Stands for the domain there: the state of a moment is known."""

    states = Domain.states_for_tracker_history
    _get_prev_action_sub_state = staticmethod(Domain._get_prev_action_sub_state)
    _remove_rule_only_features = staticmethod(Domain._remove_rule_only_features)
    _substitute_rule_only_user_input = staticmethod(Domain._substitute_rule_only_user_input)
    _clean_state = staticmethod(Domain._clean_state)

    def get_active_state(self, moment: _Moment, omit_unset_slots: bool = False) -> State:
        # A policy changes the states that it is given.
        return {kind: dict(part) for kind, part in moment.state.items()}


_known_states: Any = _KnownStates()


def create_states(
    tracker: DialogueStateTracker,
    domain: Domain,
    omit_unset_slots: bool = False,
    ignore_rule_only_turns: bool = False,
    rule_only_data: dict[str, Any] | None = None,
) -> list[State]:
    """What `TrackerFeaturizer._create_states` gives, with the same arguments."""
    if omit_unset_slots:
        past: list[State] = tracker.past_states(
            domain, omit_unset_slots, ignore_rule_only_turns=ignore_rule_only_turns, rule_only_data=rule_only_data
        )
        return past
    events = tracker.applied_events()
    # Kept with the conversation it belongs to, so that it is gone with it.
    replay: _Replay | None = tracker.__dict__.get(_REPLAY)
    if replay is None or not replay.goes_on_with(events):
        replay = tracker.__dict__[_REPLAY] = _Replay(tracker.init_copy())
    replay.follow(events, domain)
    moments = [*replay.moments, (_Moment.of(replay.tracker, domain), False)]
    found: list[State] = _known_states.states(
        _History(moments), ignore_rule_only_turns=ignore_rule_only_turns, rule_only_data=rule_only_data
    )
    return found
