"""Names of sources: a place and settings after the colon, each as what it is."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbed.core.errors import BadSetting, UnknownName
from nasbed.nets.data.sources import SOURCES, parsed, pictures

KEYS = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters=","))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("digits", ("digits", {})),
        ("cifar10:", ("cifar10", {})),
        ("cifar10:/data/cifar", ("cifar10", {"where": "/data/cifar"})),
        ("cifar10:/a,b/c,split=x=y.txt", ("cifar10", {"where": "/a,b/c", "split": "x=y.txt"})),
        ("folder:C:\\pictures,size=8", ("folder", {"where": "C:\\pictures", "size": "8"})),
        ("random:size=16,classes=5", ("random", {"size": "16", "classes": "5"})),
    ],
)
def test_names_are_taken_apart(name, expected):
    assert parsed(name) == expected


@given(st.dictionaries(KEYS.filter(lambda key: key != "where"), TEXTS))
def test_settings_come_back(settings):
    name = "it:" + ",".join(f"{key}={text}" for key, text in settings.items())
    assert parsed(name) == ("it", settings)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("random:size=8,x", "'x' in .* is not a setting; write it as key=value"),
        ("random:size=8,size=9", "gives size twice"),
        ("random:size=big", "size is a whole number, not 'big'"),
        ("random:size=-1", "size is a whole number, not '-1'"),
        ("random:size=0", "a size of at least 1"),
        ("random:colour=1", "has no setting 'colour'; it has: size, channels"),
        ("digits:/here", "has no setting 'where'; it has: none"),
        ("cifar10:unofficial=maybe", "unofficial is true or false, not 'maybe'"),
    ],
)
def test_bad_settings_are_refused(name, why):
    with pytest.raises(BadSetting, match=why):
        pictures(name)


def test_an_unknown_source_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match=r"no data source is called 'cifar'. Did you mean 'cifar10'\?"):
        pictures("cifar:/data")


def test_random_images_have_the_shape_that_is_asked_for_and_say_what_they_are_for():
    found = pictures("random:size=7,channels=2,classes=3,train=10,validation=4,test=5")
    assert found.images.shape == (19, 7, 7, 2)
    assert [len(found.parts[part]) for part in ("train", "validation", "test")] == [10, 4, 5]
    assert set(found.labels.tolist()) == {0, 1, 2}
    assert "for speed only" in found.warnings[0]
    assert (pictures("random:seed=1").images != pictures("random:seed=2").images).any()


def test_what_sources_are_is_told_without_pytorch():
    code = (
        "import sys; from nasbed.nets.data.sources import SOURCES;"
        "print(*(SOURCES.describe(name) for name in SOURCES), sep='\\n'); print('torch' in sys.modules)"
    )
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(list(SOURCES)) + 1
    assert all(line.endswith(".") for line in lines[:-1])
    assert lines[-1] == "False"
