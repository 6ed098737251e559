from services.dialog.intents import Intent


def test_the_set_is_closed_and_every_value_is_its_name() -> None:
    assert all(intent.value == intent.name for intent in Intent)
    assert len(Intent) == 22
