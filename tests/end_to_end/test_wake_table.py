"""docs/triggers.md tells what a wake costs as the simulator does."""

import wake_table


def test_the_document_holds_what_the_simulator_says(bin_dir):
    text = wake_table.DOCUMENT.read_text()

    assert (text.split(wake_table.BEGIN)[1].split(wake_table.END)[0]
            == "\n" + wake_table.table(bin_dir / "ecs-scaler"))
