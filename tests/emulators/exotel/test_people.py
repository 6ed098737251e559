import textwrap
from pathlib import Path

import pytest
import yaml

from emulators.exotel import people
from emulators.exotel import persona as p
from emulators.exotel.people import load_people, parse_people

WHOLE = """
personas:
  "+919999900012":
    name: Meena
    pickup: {after_s: 4}
    language: ta-IN
    voice: lata
    rate_wpm: 150
    reaction_ms: 300
    noise_dbfs: -55
    steps:
      - wait_for_bot_to_finish
      - say: ஆமாம்
      - wait_for_bot_to_finish: {quiet_ms: 900, patience_s: 20}
      - say: {text: "yes", language: en-IN}
      - play: yes.wav
      - dtmf: "12"
      - interrupt_after: 1.5
      - noise: -40
      - beep
      - stay_silent: 10
      - stay_silent
      - lose_network: half-open
      - hang_up
  "09999900013":
    - pickup: busy
    - {pickup: {kind: answers, after_s: 1}, dnd: failed}
agents:
  "+919999911111": {pickup: no-answer, talk_s: 20}
"""


def test_a_personas_file_says_everything_a_phone_can_do(tmp_path: Path) -> None:
    source = tmp_path / "people.yaml"
    source.write_text(WHOLE, "utf-8")
    loaded = load_people(source)
    (meena,) = loaded.personas["+919999900012"]
    assert (meena.name, meena.language, meena.voice, meena.rate_wpm) == ("Meena", "ta-IN", "lata", 150)
    assert meena.pickup == p.Pickup("answers", 4)
    assert meena.steps == (
        p.WaitForBot(),
        p.Say("ஆமாம்"),
        p.WaitForBot(900, 20),
        p.Say("yes", "en-IN"),
        p.Play(tmp_path / "yes.wav"),
        p.Press("12"),
        p.Interrupt(1.5),
        p.Noise(-40),
        p.Beep(),
        p.StaySilent(10),
        p.StaySilent(),
        p.LoseNetwork("half-open"),
        p.HangUp(),
    )
    first, second = loaded.personas["+919999900013"]
    assert first.pickup == p.Pickup("busy")
    assert second.dnd == "failed"
    assert loaded.agents["+919999911111"] == p.Agent(p.Pickup("no-answer"), 20)


def test_the_example_in_the_readme_can_be_loaded() -> None:
    readme = Path(people.__file__).with_name("README.md").read_text("utf-8")
    example = textwrap.dedent(readme.split("## People\n\n")[1].split("\nA number")[0])
    loaded = people.parse_people(yaml.safe_load(example))
    assert [len(scripts) for scripts in loaded.personas.values()] == [1, 2]
    assert len(loaded.personas["+919999900012"][0].steps) == 8
    assert loaded.agents["+919999911111"].talk_s == 30


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ([], "mapping"),
        ({"people": {}}, "mapping"),
        ({"personas": {"12": {}}}, "phone number"),
        ({"personas": {"+919999900012": {"colour": "red"}}}, "colour"),
        ({"personas": {"+919999900012": {"pickup": "sleeps"}}}, "pickup"),
        ({"personas": {"+919999900012": {"steps": ["dance"]}}}, "unknown step 'dance'"),
        ({"personas": {"+919999900012": {"steps": [{"say": {"words": "hi"}}]}}}, "text"),
        ({"personas": {"+919999900012": {"steps": [{"interrupt_after": "soon"}]}}}, "after_s"),
        ({"personas": {"+919999900012": "busy"}}, "mapping"),
        ({"agents": {"+919999911111": {"talk": 3}}}, "talk"),
    ],
)
def test_what_is_wrong_in_a_personas_file_is_said(data: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_people(data)


@pytest.mark.parametrize("data", [{}, {"personas": None, "agents": None}, {"personas": {"+919999900012": {}}}])
def test_an_empty_file_and_a_silent_persona_are_fine(data: object) -> None:
    assert set(parse_people(data).personas) <= {"+919999900012"}
