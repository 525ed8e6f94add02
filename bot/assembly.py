"""The services, put together from the bottom up: each gets by name what it stands on. `app` brings the ground and makes them run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import metadata
from zoneinfo import ZoneInfo

from bot import foundation, model, ports
from bot.services import (
    asking,
    browse,
    cards,
    courses,
    details,
    digest,
    duplicates,
    home,
    known_here,
    open_ones,
    people,
    pictures,
    poll,
    post,
    pushes,
    recording,
    remarks,
    retention,
    review,
    status,
    takes,
    triage,
)
from bot.services.batches import freeze, preview, run
from bot.services.scans import ask, detect, follow, showing
from handlers import desk

DRAWN = (model.CardKind.BATCH, model.CardKind.SCAN, model.CardKind.DIGEST)
"""Cards that services draw themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What listeners may call, and what only jobs do; `sources` are the systems as services see them."""

    sources: Mapping[str, ports.Source]
    desk: desk.Desk
    poll: poll.Poll
    post: post.Post
    remarks: remarks.Remarks
    keeping: retention.Keeping
    pushes: pushes.Pushes
    sharing: pictures.Sharing
    courses: courses.Courses


def services(ground: foundation.Ground) -> Services:
    """All of them. None sees a system without what is kept and known here in its place."""
    ground = replace(ground, sources=known_here.sources(ground.sources, ground.store.overlays, ground.store.open_ones, ground.directory))
    configured, zone = ground.configured, ZoneInfo(ground.configured.desk_timezone)
    folk, sharing, going, telling = _people(ground), _sharing(ground), _courses(ground), _remarks(ground)
    wanted = _cards(ground, going)
    polling, posting, looking = _poll(ground, wanted), _post(ground, wanted, sharing, going), _browse(ground, folk, going)
    recorder = recording.Recorder(ground.store.records, ground.clock)
    bulk, scanning = _batches(ground, folk, wanted), _scans(ground, wanted)
    digesting, homes = _digests(ground, looking, wanted, configured.desk_digest, zone), _home(ground, folk, bulk, zone)
    wanted.drawers |= dict(zip(DRAWN, (bulk.draw, scanning.shown.draw, digesting.draw), strict=True))
    reviewing, finding, acting = (
        review.Review(looking),
        duplicates.Duplicates(browse=looking),
        _triage(ground, folk, wanted, posting, recorder, telling),
    )
    talking = desk.Desk(
        people=folk,
        triage=acting,
        browse=looking,
        details=details.Details(browse=looking, rows=ground.rows if configured.desk_rows else {}),
        duplicates=finding,
        batches=bulk,
        previews=_previews(ground, bulk, acting, reviewing, finding),
        runs=_runs(ground, folk, bulk, wanted, posting, recorder),
        scans=scanning,
        detections=_detections(ground),
        follow=_follow(ground, folk, scanning, wanted),
        digests=digesting,
        review=reviewing,
        status=_status(ground, looking, polling, posting, homes),
        home=homes,
        messenger=ground.messenger,
        deliveries=ground.store.deliveries,
        telemetry=ground.telemetry,
        clock=ground.clock,
        zone=zone,
        sources=tuple(ground.sources),
    )
    return Services(
        sources=ground.sources,
        desk=talking,
        poll=polling,
        post=posting,
        remarks=telling,
        keeping=_keeping(ground),
        pushes=_pushes(ground, polling, posting),
        sharing=sharing,
        courses=going,
    )


def _people(ground: foundation.Ground) -> people.People:
    return people.People(
        sources=ground.sources,
        identities=ground.store.identities,
        directory=ground.directory,
        clock=ground.clock,
        grants=ground.grants,
    )


def _previews(
    ground: foundation.Ground, bulk: freeze.Batches, acting: triage.Triage, reviewing: review.Review, finding: duplicates.Duplicates
) -> preview.Previews:
    looking, folk = finding.browse, acting.people
    return preview.Previews(
        batches=bulk, acting=acting, browse=looking, review=reviewing, people=folk, duplicates=finding, messenger=ground.messenger
    )


def _cards(ground: foundation.Ground, going: courses.Courses) -> cards.Cards:
    return cards.Cards(
        routes=ground.routes,
        sources=ground.sources,
        anomalies=ground.store.anomalies,
        store=ground.store.cards,
        journal=ground.store.journal,
        clock=ground.clock,
        course=going.followed,
        ack_takes=ground.configured.desk_ack_takes,
    )


def _post(ground: foundation.Ground, wanted: cards.Cards, *followers: pictures.Sharing | courses.Courses) -> post.Post:
    async def stands(card: model.Card, ts: str) -> None:
        for follower in followers:
            await follower.want(card, ts)

    return post.Post(
        cards=wanted,
        store=ground.store.cards,
        leases=ground.store.leases,
        slack=ground.store.slack,
        messenger=ground.messenger,
        clock=ground.clock,
        telemetry=ground.telemetry,
        admins=ground.configured.desk_admins,
        stands=stands,
        works=ground.works,
    )


def _sharing(ground: foundation.Ground) -> pictures.Sharing:
    return pictures.Sharing(
        artists=ground.pictures,
        anomalies=ground.store.anomalies,
        store=ground.store.pictures,
        leases=ground.store.leases,
        messenger=ground.messenger,
        clock=ground.clock,
        telemetry=ground.telemetry,
    )


def _courses(ground: foundation.Ground) -> courses.Courses:
    return courses.Courses(
        tellers=ground.courses,
        anomalies=ground.store.anomalies,
        store=ground.store.courses,
        leases=ground.store.leases,
        clock=ground.clock,
        telemetry=ground.telemetry,
    )


def _poll(ground: foundation.Ground, wanted: cards.Cards) -> poll.Poll:
    return poll.Poll(
        sources=ground.sources,
        anomalies=ground.store.anomalies,
        health=ground.store.health,
        leases=ground.store.leases,
        cards=wanted,
        clock=ground.clock,
        telemetry=ground.telemetry,
        every=timedelta(seconds=ground.configured.desk_poll_seconds),
    )


def _pushes(ground: foundation.Ground, polling: poll.Poll, posting: post.Post) -> pushes.Pushes:
    return pushes.Pushes(
        hooks=ground.hooks,
        store=ground.store.pushes,
        leases=ground.store.leases,
        poll=polling,
        flush=posting.flush,
        clock=ground.clock,
        telemetry=ground.telemetry,
        works=ground.works,
    )


def _remarks(ground: foundation.Ground) -> remarks.Remarks:
    return remarks.Remarks(sources=ground.sources, store=ground.store.remarks, leases=ground.store.leases, clock=ground.clock)


def _keeping(ground: foundation.Ground) -> retention.Keeping:
    return retention.Keeping(
        store=ground.store.retention,
        leases=ground.store.leases,
        clock=ground.clock,
        telemetry=ground.telemetry,
        keep=timedelta(days=ground.configured.desk_keep_days),
    )


def _browse(ground: foundation.Ground, folk: people.People, going: courses.Courses) -> browse.Browse:
    return browse.Browse(
        sources=ground.sources,
        scanners=ground.scanners,
        witnesses=ground.witnesses,
        commons=ground.commons,
        course=going.told,
        anomalies=ground.store.anomalies,
        cards=ground.store.cards,
        journal=ground.store.journal,
        health=ground.store.health,
        resolve=folk.resolve,
        clock=ground.clock,
        grants=ground.grants,
        ack_takes=ground.configured.desk_ack_takes,
        routes=ground.routes,
        elsewhere=ground.elsewhere,
        known=open_ones.OpenOnes(store=ground.store.open_ones),
    )


def _triage(
    ground: foundation.Ground,
    folk: people.People,
    wanted: cards.Cards,
    posting: post.Post,
    recorder: recording.Recorder,
    telling: remarks.Remarks,
) -> triage.Triage:
    return triage.Triage(
        sources=ground.sources,
        anomalies=ground.store.anomalies,
        journal=ground.store.journal,
        leases=ground.store.leases,
        people=folk,
        cards=wanted,
        post=posting,
        clock=ground.clock,
        telemetry=ground.telemetry,
        grants=ground.grants,
        recorder=recorder,
        remarks=telling,
        asking=asking.Asking(
            cards=wanted, store=ground.store.cards, leases=ground.store.leases, messenger=ground.messenger, clock=ground.clock
        ),
        takes=takes.Takes(people=folk, journal=ground.store.journal, on=ground.configured.desk_ack_takes),
        actor_comments=ground.configured.desk_actor_comments,
    )


def _batches(ground: foundation.Ground, folk: people.People, wanted: cards.Cards) -> freeze.Batches:
    return freeze.Batches(
        sources=ground.sources,
        store=ground.store.batches,
        leases=ground.store.leases,
        people=folk,
        cards=wanted,
        clock=ground.clock,
        grants=ground.grants,
    )


def _runs(
    ground: foundation.Ground,
    folk: people.People,
    bulk: freeze.Batches,
    wanted: cards.Cards,
    posting: post.Post,
    recorder: recording.Recorder,
) -> run.Runs:
    return run.Runs(
        sources=ground.sources,
        store=ground.store.batches,
        anomalies=ground.store.anomalies,
        leases=ground.store.leases,
        batches=bulk,
        people=folk,
        cards=wanted,
        post=posting,
        messenger=ground.messenger,
        clock=ground.clock,
        telemetry=ground.telemetry,
        grants=ground.grants,
        recorder=recorder,
    )


def _scans(ground: foundation.Ground, wanted: cards.Cards) -> ask.Scans:
    shown = showing.Shown(sources=ground.sources, store=ground.store.operations, cards=wanted, clock=ground.clock)
    return ask.Scans(
        sources=ground.sources,
        scanners=ground.scanners,
        store=ground.store.operations,
        leases=ground.store.leases,
        shown=shown,
        clock=ground.clock,
        grants=ground.grants,
    )


def _detections(ground: foundation.Ground) -> detect.Detections:
    return detect.Detections(sources=ground.sources, detectors=ground.detectors, health=ground.store.health, grants=ground.grants)


def _follow(ground: foundation.Ground, folk: people.People, scanning: ask.Scans, wanted: cards.Cards) -> follow.Follow:
    return follow.Follow(
        sources=ground.sources,
        scanners=ground.scanners,
        store=ground.store.operations,
        anomalies=ground.store.anomalies,
        leases=ground.store.leases,
        health=ground.store.health,
        people=folk,
        scans=scanning,
        cards=wanted,
        clock=ground.clock,
        telemetry=ground.telemetry,
        give_up=timedelta(minutes=ground.configured.desk_scan_minutes),
        every=timedelta(seconds=ground.configured.desk_poll_seconds),
    )


def _digests(ground: foundation.Ground, looking: browse.Browse, wanted: cards.Cards, spec: str, zone: ZoneInfo) -> digest.Digests:
    return digest.Digests(
        sources=ground.sources,
        anomalies=ground.store.anomalies,
        journal=ground.store.journal,
        marks=ground.store.digests,
        leases=ground.store.leases,
        browse=looking,
        cards=wanted,
        clock=ground.clock,
        grants=ground.grants,
        spec=spec,
        zone=zone,
    )


def _home(ground: foundation.Ground, folk: people.People, bulk: freeze.Batches, zone: ZoneInfo) -> home.Home:
    return home.Home(
        sources=ground.sources,
        scanners=ground.scanners,
        store=ground.store.homes,
        heard=ground.store.heard,
        leases=ground.store.leases,
        people=folk,
        batches=bulk,
        messenger=ground.messenger,
        clock=ground.clock,
        telemetry=ground.telemetry,
        grants=ground.grants,
        zone=zone,
        elsewhere=ground.elsewhere,
    )


def _status(ground: foundation.Ground, looking: browse.Browse, polling: poll.Poll, posting: post.Post, homes: home.Home) -> status.Status:
    return status.Status(
        sources=ground.sources,
        browse=looking,
        poll=polling,
        post=posting,
        cards=ground.store.cards,
        batches=ground.store.batches,
        operations=ground.store.operations,
        journal=ground.store.journal,
        workers=ground.store.workers,
        pushes=ground.store.pushes,
        clock=ground.clock,
        line=ground.line,
        off=homes.off,
        version=metadata.version("anomaly-desk"),
    )
