"""Snakemake and its jobs, killed at random instants: the next run ends in the bytes of one that was left alone."""

from random import Random

from crashing import STAGES, Graph, targets


def test_a_run_that_was_killed_ends_in_the_same_bytes(undisturbed: Graph, tmp_path, crash):
    name = [*STAGES][crash % len(STAGES)]
    random = Random(crash)
    instant = None
    for attempt in range(5):
        graph = undisturbed.begun(tmp_path / str(attempt), name)
        instant = graph.kill(name, random)
        if instant is not None:
            break
    assert instant is not None, "the stage is always done before it is killed"
    print(f"crash {crash} (seed {crash}): {name}, all processes killed {instant:.2f} s after the start of its first job")
    left = graph.contents()
    expected = undisturbed.contents()
    assert {path for path, content in left.items() if path in expected and content != expected[path]} == set()
    done = graph.recover(name)
    assert done.status == 0, done.said
    found = graph.contents()
    assert set(targets(name)) <= set(found) <= set(expected)
    assert {path for path, content in found.items() if content != expected[path]} == set()
