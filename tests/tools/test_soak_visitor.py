"""A soak's visitor sees what a browser shows, in whatever order Streamlit sends it."""

from __future__ import annotations

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from tools.soak.visitor import Page, Visitor


def block(*path: int) -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path[:] = path
    message.delta.add_block.vertical.SetInParent()
    return message


def picture(url: str, *path: int) -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path[:] = path
    message.delta.new_element.imgs.imgs.add(url=url, alt="map")
    return message


def test_a_picture_that_replaces_a_preview_in_the_queue_is_seen():
    queue, page, visitor = ForwardMsgQueue(), Page(), Visitor.__new__(Visitor)
    for message in (block(0), picture("/preview", 0, 0), block(0), picture("/map", 0, 0)):
        queue.enqueue(message)
    sent = queue.flush()
    kinds = [message.delta.WhichOneof("type") for message in sent]
    assert kinds == ["add_block", "new_element", "add_block"], "Streamlit sends the picture before its second block"
    for message in sent:
        visitor._take(page, message)
    assert page.pictures == {"map": "/map"}


def test_an_element_in_place_of_a_block_takes_all_of_it_away():
    page, visitor = Page(), Visitor.__new__(Visitor)
    for message in (block(0), picture("/map", 0, 0), picture("/other", 0)):
        visitor._take(page, message)
    assert page.pictures == {"map": "/other"}
