from dashboard.app_pages.compare.presets import missing_twins, presets
from dashboard.presentation.model_options import (
    COMPACT,
    Offer,
    Tag,
    at_scale,
    chosen,
    first_cards,
    offers,
    scales,
    shelf,
    twins,
    with_shipped,
)
from lam_core.attribution.settings import AttributionSettings
from zoo.catalog.registry import registry
from zoo.settings import ZooSettings

STANDARD = AttributionSettings()


def offer(key: str, tag: Tag = "published", scale: int | None = 4, remote: bool = False) -> Offer:
    return Offer(key, key.upper(), tag, scale, remote)


LISTED = (
    offer("net.py:build", "yours", None),
    offer("fsrcnn-c", "compact"),
    offer("imdn-c", "compact"),
    offer("a"),
    offer("b", scale=2),
    offer("c", remote=True),
    offer("d"),
)


def test_offline_and_with_an_empty_cache_only_what_is_bundled_is_offered(tmp_path):
    listed = offers(ZooSettings(offline=True, weights=tmp_path, hub_cache=tmp_path))
    assert {one.tag for one in listed} <= {"compact"}
    assert not any(one.remote for one in listed)


def test_online_published_networks_are_offered_and_marked_as_to_be_fetched(tmp_path):
    listed = offers(ZooSettings(weights=tmp_path, hub_cache=tmp_path))
    imdn = next(one for one in listed if one.key == "imdn")
    assert imdn.remote
    assert imdn.tag == "published"
    tags = [one.tag for one in listed]
    assert tags == sorted(tags), "compact before published"


def test_ones_own_networks_come_first_and_never_on_a_hosted_server():
    own = ["/home/me/net.py:build"]
    first = offers(ZooSettings(offline=True), own)[0]
    assert (first.key, first.name, first.tag, first.scale) == (own[0], "net.py:build", "yours", None)
    assert not any(one.tag == "yours" for one in offers(ZooSettings(offline=True, hosted=True), own))


def test_a_compact_network_is_always_labelled_so():
    assert all("compact" in one.label for one in offers(ZooSettings(offline=True)) if one.tag == "compact")


def test_models_of_other_scales_step_aside():
    assert [one.key for one in at_scale(LISTED, 2)] == ["net.py:build", "b"]
    assert scales(LISTED) == (2, 4)
    assert scales(()) == (4,)


def test_nothing_wanted_means_ones_own_and_the_compact_networks():
    assert [one.key for one in chosen(LISTED, ())] == ["net.py:build", "fsrcnn-c", "imdn-c"]
    assert [one.key for one in chosen(LISTED[3:], ())] == ["a", "b", "d"]
    assert set(COMPACT) >= {"fsrcnn-c", "imdn-c"}


def test_the_wanted_keep_the_order_of_the_list_and_strangers_are_left_out():
    assert [one.key for one in chosen(LISTED, ("d", "a", "/etc/evil.py:build"))] == ["a", "d"]


def test_the_shelf_holds_the_selected_and_fills_up_with_what_is_here():
    selected = chosen(LISTED, ("c",))
    assert [one.key for one in shelf(LISTED, selected, 4)] == ["net.py:build", "fsrcnn-c", "imdn-c", "c"]
    assert [one.key for one in shelf(LISTED, (), 20)] == [one.key for one in LISTED if not one.remote]
    assert [one.key for one in shelf(LISTED[:1] + LISTED[:0:-1], (), 3)] == ["net.py:build", "imdn-c", "fsrcnn-c"]
    assert shelf(LISTED, LISTED, 1) == LISTED, "whatever is selected stands there"


def test_networks_whose_results_ship_are_offered_where_they_do_and_only_once():
    listed = with_shipped(offers(ZooSettings(offline=True)), ["fsrcnn", "imdn"])
    shipped = [one for one in listed if one.only_shipped]
    assert [one.key for one in shipped] == ["fsrcnn", "imdn"], "by year"
    assert all(one.tag == "published" and not one.remote for one in shipped)
    assert len(with_shipped(listed, ["fsrcnn", "imdn"])) == len(listed)


def test_where_none_of_the_wanted_can_be_had_the_standard_ones_are():
    assert [one.key for one in chosen(LISTED, ("gone",))] == ["net.py:build", "fsrcnn-c", "imdn-c"]


def test_twins_are_one_network_trained_on_the_same_data_for_psnr_and_adversarially():
    pairs = [(one.id, other.id) for one, other in twins(registry())]
    assert ("rrdbnet", "esrgan") in pairs
    assert ("srresnet", "srgan-imagenet") in pairs
    assert not any("real-esrgan" in other for _, other in pairs), "trained on other degradations"


def test_presets_are_those_whose_networks_are_on_offer_and_what_others_need_is_said():
    entries = tuple(registry())
    here = tuple(offer(key) for key in ("rrdbnet", "esrgan"))
    assert [one.models for one in presets(here, entries)] == [("rrdbnet", "esrgan")]
    assert missing_twins(here, entries) == ""
    assert presets(here[:1], entries) == ()
    assert "RRDBNet and ESRGAN" in missing_twins(here[:1], entries)


def test_the_first_cards_are_a_group_of_published_networks_that_is_all_here():
    group = ("fsrcnn", "carn-m", "imdn")
    packaged = ("span-ch48", "realesr-animevideov3", "realesrgan-x4plus-anime")
    here = [offer(key) for key in (*group, *packaged, "fsrcnn-c")]
    assert first_cards(here, 4) == group
    fetched = [offer(key, remote=key == "imdn") for key in (*group, *packaged)]
    assert first_cards(fetched, 4) == packaged
    assert first_cards([offer("fsrcnn-c", "compact")], 4) == ()
    assert first_cards([offer("span-ch48-x2", scale=2)], 2) == ("span-ch48-x2",)


def test_small_networks_are_quick_and_large_ones_and_unknown_ones_are_not():
    quick = {one.key: one.is_quick(STANDARD) for one in offers(ZooSettings())}
    assert quick["imdn-c"]
    assert quick["swinir-c"]
    assert not quick["fsrcnn"], "its weights are not here"
    assert not offer("net.py:build", "yours").is_quick(STANDARD)
    assert not Offer("big", "Big", "published", 4, seconds=25.0).is_quick(STANDARD)


def test_no_map_is_quick_under_settings_that_take_long():
    small = Offer("small", "Small", "compact", 4, seconds=0.5)
    assert small.is_quick(STANDARD)
    assert not small.is_quick(AttributionSettings(nodes=10_000, tolerance=0.0))
    assert small.is_quick(AttributionSettings(rule="reference"))
    assert not small.is_quick(AttributionSettings(field=512))


def test_a_map_of_a_larger_field_takes_longer():
    offer = Offer("one", "One", "compact", 4, seconds=2.0)
    assert offer.seconds_under(STANDARD) == 2.0
    assert offer.seconds_under(AttributionSettings(field=512)) == 128.0
    assert Offer("two", "Two", "yours", 4).seconds_under(STANDARD) is None
