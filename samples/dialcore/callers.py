"""Who asks: people take turns within their language, projects come with their key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import cycle

from samples.dialcore.cast import Cast
from samples.dialcore.chance import digest
from samples.dialcore.conversation import Conversation
from samples.dialcore.line import Caller


def speakers(conversations: Sequence[Conversation], cast: Cast) -> Iterator[str]:
    """Return the key of the person or project behind each conversation."""
    turns: dict[str, Iterator[str]] = {}
    known: defaultdict[str, list[str]] = defaultdict(list)
    for conversation in conversations:
        language = conversation.language
        if language not in turns:
            known[language] = [person.key for person in cast.speakers(language)]
            turns[language] = cycle(known[language])
        yield conversation.by or next(turns[language])


def caller_of(conversation: Conversation, cast: Cast, speaker: str, deployment: str) -> Caller:
    """Return what Core knows of the caller."""
    project = cast.projects.get(speaker)
    if project is not None:
        chat = f"{project.key}/{digest('chat', conversation.id)[:12]}" if project.chats else ""
        return Caller(project=project.key, chat=chat, secured=project.secured)
    person = cast.people[speaker]
    chat = _conversation_path(conversation, speaker, deployment)
    claims = {"user_id": speaker, "roles": ["default"], "user_display_name": speaker.capitalize()}
    headers = {"user-agent": "dial-desktop/1.8", "accept": "*/*", "x-conversation-id": chat}
    return Caller(
        user=person.hash,
        title=person.title,
        chat=chat,
        claims=claims if "claims" in conversation.quirks else None,
        headers=headers if "headers" in conversation.quirks else None,
    )


def _conversation_path(conversation: Conversation, speaker: str, deployment: str) -> str:
    # A name pasted from a slide brings the slide's vertical tab along.
    mark = "\x0b" if "control" in conversation.quirks else ""
    name = deployment.rpartition("/")[2]
    return f"conversations/{digest('bucket', speaker)[:40]}/{name}__{mark}{conversation.id}"
