"""The services, put together from the bottom up: each gets by name what it stands on. `app` brings the ground and makes them run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib import metadata
from zoneinfo import ZoneInfo

from bot import model, ports, settings
from bot.core import permissions
from bot.services import (
    browse,
    cards,
    digest,
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
    triage,
)
from bot.services.batches import freeze, preview, run
from bot.services.scans import ask, detect, follow
from bot.store import engine, routes
from handlers import desk

DRAWN = (model.CardKind.BATCH, model.CardKind.SCAN, model.CardKind.DIGEST)
"""Cards that services draw themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all services stand on: the settings, and whatever talks to the world; the systems with what each of them has. `line` says how
    the connection to Slack stands, `elsewhere` whose the filter words of single systems are; a process that only answers Slack does not
    `works`."""

    configured: settings.Settings
    clock: ports.Clock
    telemetry: ports.Telemetry
    store: engine.Store
    sources: Mapping[str, ports.Source]
    scanners: Mapping[str, ports.Scanner]
    pictures: Mapping[str, ports.Pictures]
    witnesses: Mapping[str, ports.Witness]
    detectors: Mapping[str, ports.Detector]
    commons: Mapping[str, ports.Commons]
    hooks: Mapping[str, ports.Hooks]
    messenger: ports.Messenger
    directory: ports.Directory
    grants: permissions.Grants
    line: Callable[[], Awaitable[str]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    works: bool = True

    @property
    def routes(self) -> ports.Routes:
        """Where new anomalies go."""
        given = self.configured
        home = model.Route("default", given.desk_channel, burst=given.desk_burst, wait_seconds=given.desk_wait_seconds)
        zone, systems = ZoneInfo(given.desk_timezone), list(self.sources.values())
        return routes.Routes(self.store.db, home, self.clock, zone, systems, self.elsewhere)


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


def services(ground: Ground) -> Services:
    """All of them. None sees a system without what is kept and known here in its place."""
    ground = replace(ground, sources=known_here.sources(ground.sources, ground.store.overlays, ground.store.open_ones, ground.directory))
    configured, zone = ground.configured, ZoneInfo(ground.configured.desk_timezone)
    folk = people.People(
        sources=ground.sources,
        identities=ground.store.identities,
        directory=ground.directory,
        clock=ground.clock,
        grants=ground.grants,
    )
    wanted = cards.Cards(
        routes=ground.routes,
        sources=ground.sources,
        anomalies=ground.store.anomalies,
        store=ground.store.cards,
        journal=ground.store.journal,
        clock=ground.clock,
    )
    sharing, polling, telling = _sharing(ground), _poll(ground, wanted), _remarks(ground)
    posting, looking = _post(ground, wanted, sharing), _browse(ground, folk)
    recorder = recording.Recorder(ground.store.records, ground.clock)
    bulk, scanning = _batches(ground, folk, wanted), _scans(ground, wanted)
    digesting = _digests(ground, looking, wanted, configured.desk_digest, zone)
    wanted.drawers |= dict(zip(DRAWN, (bulk.draw, scanning.draw, digesting.draw), strict=True))
    reviewing = review.Review(looking)
    acting = _triage(ground, folk, wanted, posting, recorder, telling)
    talking = desk.Desk(
        people=folk,
        triage=acting,
        browse=looking,
        batches=bulk,
        previews=preview.Previews(batches=bulk, acting=acting, browse=looking, review=reviewing, people=folk, messenger=ground.messenger),
        runs=_runs(ground, folk, bulk, wanted, posting, recorder),
        scans=scanning,
        detections=_detections(ground),
        follow=_follow(ground, folk, scanning, wanted),
        digests=digesting,
        review=reviewing,
        status=_status(ground, looking, polling, posting),
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
    )


def _post(ground: Ground, wanted: cards.Cards, sharing: pictures.Sharing) -> post.Post:
    return post.Post(
        cards=wanted,
        store=ground.store.cards,
        leases=ground.store.leases,
        slack=ground.store.slack,
        messenger=ground.messenger,
        clock=ground.clock,
        telemetry=ground.telemetry,
        admins=ground.configured.desk_admins,
        stands=sharing.want,
        works=ground.works,
    )


def _sharing(ground: Ground) -> pictures.Sharing:
    return pictures.Sharing(
        artists=ground.pictures,
        anomalies=ground.store.anomalies,
        store=ground.store.pictures,
        leases=ground.store.leases,
        messenger=ground.messenger,
        clock=ground.clock,
        telemetry=ground.telemetry,
    )


def _poll(ground: Ground, wanted: cards.Cards) -> poll.Poll:
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


def _pushes(ground: Ground, polling: poll.Poll, posting: post.Post) -> pushes.Pushes:
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


def _remarks(ground: Ground) -> remarks.Remarks:
    return remarks.Remarks(
        sources=ground.sources,
        store=ground.store.remarks,
        leases=ground.store.leases,
        clock=ground.clock,
    )


def _keeping(ground: Ground) -> retention.Keeping:
    return retention.Keeping(
        store=ground.store.retention,
        leases=ground.store.leases,
        clock=ground.clock,
        telemetry=ground.telemetry,
        keep=timedelta(days=ground.configured.desk_keep_days),
    )


def _browse(ground: Ground, folk: people.People) -> browse.Browse:
    return browse.Browse(
        sources=ground.sources,
        scanners=ground.scanners,
        witnesses=ground.witnesses,
        commons=ground.commons,
        anomalies=ground.store.anomalies,
        cards=ground.store.cards,
        journal=ground.store.journal,
        health=ground.store.health,
        resolve=folk.resolve,
        clock=ground.clock,
        grants=ground.grants,
        routes=ground.routes,
        elsewhere=ground.elsewhere,
        known=open_ones.OpenOnes(store=ground.store.open_ones),
    )


def _triage(
    ground: Ground,
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
        actor_comments=ground.configured.desk_actor_comments,
    )


def _batches(ground: Ground, folk: people.People, wanted: cards.Cards) -> freeze.Batches:
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
    ground: Ground,
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


def _scans(ground: Ground, wanted: cards.Cards) -> ask.Scans:
    return ask.Scans(
        sources=ground.sources,
        scanners=ground.scanners,
        store=ground.store.operations,
        leases=ground.store.leases,
        cards=wanted,
        clock=ground.clock,
        grants=ground.grants,
    )


def _detections(ground: Ground) -> detect.Detections:
    return detect.Detections(sources=ground.sources, detectors=ground.detectors, health=ground.store.health, grants=ground.grants)


def _follow(ground: Ground, folk: people.People, scanning: ask.Scans, wanted: cards.Cards) -> follow.Follow:
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


def _digests(ground: Ground, looking: browse.Browse, wanted: cards.Cards, spec: str, zone: ZoneInfo) -> digest.Digests:
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


def _status(ground: Ground, looking: browse.Browse, polling: poll.Poll, posting: post.Post) -> status.Status:
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
        version=metadata.version("anomaly-desk"),
    )
