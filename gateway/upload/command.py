"""`gateway upload`: from its arguments to its exit code."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import uvloop

from gateway.client.credentials import Credentials, gateway_url, read_credentials
from gateway.settings import SettingError
from gateway.upload.answers import AnswersFile
from gateway.upload.arguments import CONNECTIONS_MAX
from gateway.upload.documents import FileRefused, Kind, Outcome
from gateway.upload.doubled import refuse_doubled
from gateway.upload.progress import Progress
from gateway.upload.refused import put_aside, refused_files, write_refused
from gateway.upload.sending import UploadFailed, send
from gateway.upload.source import Source, open_source

SOME_REFUSED: Final = 3
"""The exit code when everything was answered, and not everything taken."""


def upload(chosen: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Uploads a file; answers 0 when all was taken and 3 when some was refused.

    Raises SettingError when it was asked wrongly, UploadFailed when it could not be finished.
    """
    url = gateway_url(chosen.url, environment)
    credentials = read_credentials(chosen.credentials, environment)
    if not 1 <= chosen.connections <= CONNECTIONS_MAX:
        raise SettingError(f"--connections {chosen.connections} is not from 1 to {CONNECTIONS_MAX}")
    if chosen.tries < 1:
        raise SettingError(f"--tries {chosen.tries} is not 1 or more")
    path: Path = chosen.file
    try:
        source = open_source(path, Kind(chosen.kind) if chosen.kind else None)
        answers_path = path.with_name(f"{path.name}.answers.ndjson")
        answers = AnswersFile(answers_path, source, url, credentials.client_id, again=chosen.again)
    except FileRefused as refused:
        raise SettingError(str(refused)) from refused
    if chosen.again:
        put_aside(*refused_files(source))
    with answers:
        failure = _send(source, answers, url, credentials, chosen)
        if failure is None:
            refuse_doubled(source, answers)
        mend = refused_files(source) if answers.counts[Outcome.REFUSED] else []
        # What is there already somebody may have begun to mend.
        if mend and (answers.added or not all(file.exists() for file in mend)):
            write_refused(source, answers)
        print(_summary(source, answers, mend))
        if failure:
            raise UploadFailed(f"{failure}\nTo go on where it stopped, say the same again.")
        return SOME_REFUSED if answers.counts[Outcome.REFUSED] else 0


def _send(
    source: Source,
    answers: AnswersFile,
    url: str,
    credentials: Credentials,
    chosen: argparse.Namespace,
) -> str | None:
    """Sends what is unanswered; why it ended before its end, if it did."""
    progress = Progress(source.lines)
    failure = None
    try:
        uvloop.run(
            send(
                source,
                answers,
                progress,
                url=url,
                credentials=credentials,
                connections=chosen.connections,
                tries=chosen.tries,
            )
        )
    except UploadFailed as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "interrupted"
    progress.close(finished=failure is None)
    return failure


def _summary(source: Source, answers: AnswersFile, mend: list[Path]) -> str:
    lines = [f"{source.path}: {answers.total:,} {source.kind.title} answered"]
    lines += [f"  {what.value:9}{count:>12,}" for what, count in answers.counts.items()]
    lines.append(f"answers: {answers.path}")
    if mend:
        lines.append(f"refused: {', '.join(map(str, mend))}")
        lines.append(f"mend the lines in {mend[0]} and upload that file")
    return "\n".join(lines)
