"""Each guard of SECURITY.md, the edit that takes it out, and a test that must notice.

`test_guards.py` applies the edits, each in a copy of the package, and expects the test to fail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "windstill"


@dataclass(frozen=True)
class Guard:
    """row: the first cell of its row in SECURITY.md, from the beginning. file: below the package.
    old, new: the text that is there once, and what stands there when the guard is out. test: its
    name, below tests/.
    """

    row: str
    file: str
    old: str
    new: str
    test: str

    @property
    def edited(self) -> str:
        """The file without the guard."""
        return (PACKAGE / self.file).read_text(encoding="utf-8").replace(self.old, self.new)


HEAD, BODY, MEMORY = "head of a request", "body: bytes", "memory for bodies"
STRICT, CONNECTIONS, READERS = "requests that readers", "connections", "clients that read slowly"
PROCESS, PHOTO, QUEUE = "one process for each job", "photo: type", "queue, jobs and rate"
ADDRESSES, SOURCES = "signed addresses of loops", "their sources"
NAMED, PAGES, KEYS = "addresses that clients name", "pages:", "keys:"

GUARDS = (
    Guard(
        HEAD,
        "http/boundary.py",
        "MAX_HEAD_BYTES = 32 * 1024",
        "MAX_HEAD_BYTES = 2**40",
        "http/test_connections.py::test_what_is_not_http_gets_the_envelope[long header]",
    ),
    Guard(
        HEAD,
        "http/protocol.py",
        "        if self.idle and self._deadline is None:\n            self._start_deadline()",
        "        pass",
        "http/test_connections.py::test_a_slow_second_head_is_cut",
    ),
    Guard(
        HEAD,
        "http/protocol.py",
        "            return\n        self._start_deadline()",
        "            return",
        "http/test_connections.py::test_a_connection_that_says_nothing_is_cut",
    ),
    Guard(
        STRICT,
        "http/protocol.py",
        'raise h11.RemoteProtocolError("a line of the head does not end with CRLF")',
        "pass",
        "http/test_protocol.py::test_lines_that_readers_understand_differently_are_refused",
    ),
    Guard(
        STRICT,
        "http/boundary.py",
        'if b"content-length" in names and b"transfer-encoding" in names:',
        "if not names and names:",
        "http/test_protocol.py::test_two_lengths_are_refused_and_the_connection_ends",
    ),
    Guard(
        STRICT,
        "http/numbers.py",
        're.compile(r"[0-9]{1,19}")',
        're.compile(r"\\d+")',
        "http/test_numbers.py::test_whole_numbers",
    ),
    Guard(
        CONNECTIONS,
        "http/connections.py",
        "if owner and self._of[owner] >= self._most_of_one:",
        "if owner and self._of[owner] >= 10**9:",
        "http/test_connections.py::test_one_address_has_a_bound_without_a_proxy",
    ),
    Guard(
        CONNECTIONS,
        "http/connections.py",
        "if len(self._held) >= self._most:",
        "if len(self._held) >= 10**9:",
        "http/test_connections.py::test_nobody_is_kept_out_by_connections_that_say_nothing",
    ),
    Guard(
        CONNECTIONS,
        "http/connections.py",
        "if self._requests[owner] >= self._most_of_one:",
        "if self._requests[owner] >= 10**9:",
        "http/test_connections.py::test_a_client_behind_the_proxy_has_its_own_bound",
    ),
    Guard(
        READERS,
        "http/files.py",
        "async with asyncio.timeout(WRITE_SECONDS):",
        "async with asyncio.timeout(None):",
        "http/test_strangers.py::test_a_file_is_not_held_open_by_who_does_not_read",
    ),
    Guard(
        READERS,
        "http/native/events.py",
        "async with asyncio.timeout(WRITE_SECONDS):",
        "async with asyncio.timeout(None):",
        "http/test_strangers.py::test_events_are_not_told_to_who_does_not_read",
    ),
    Guard(
        BODY,
        "http/multipart.py",
        "        if size > most:\n            raise _too_large(most)",
        "        pass",
        "http/test_refusals.py::test_refuses_a_chunked_body_beyond_the_limit",
    ),
    Guard(
        BODY,
        "http/multipart.py",
        "if self._parts > self._limits.parts:",
        "if self._parts > 10**9:",
        "reliability/test_requests.py::test_a_form_with_too_many_parts_is_refused_for_that",
    ),
    Guard(
        BODY,
        "http/multipart.py",
        "GRACE_SECONDS + size / rate",
        "seconds",
        "http/test_fairness.py::test_a_body_that_brings_too_little_ends",
    ),
    Guard(
        MEMORY,
        "http/uploads.py",
        "self._of_key[key_id] + count > self._most // SHARES",
        "self._of_key[key_id] + count > self._most",
        "http/test_fairness.py::test_one_key_has_half_of_the_memory",
    ),
    Guard(
        MEMORY,
        "http/uploads.py",
        "self._used + count > self._most",
        "self._used + count > 10**12",
        "http/test_fairness.py::test_memory_is_shared_and_given_back",
    ),
    Guard(
        MEMORY,
        "http/guard.py",
        "            arrived(len(event.data))\n",
        "",
        "http/test_fairness.py::test_fetched_photos_count_as_they_arrive",
    ),
    Guard(
        MEMORY,
        "http/native/animations.py",
        "    await service.admit(key, idempotency_key=name)\n",
        "",
        "http/test_fairness.py::test_what_can_be_refused_before_the_body_is[/v1/animations]",
    ),
    Guard(
        "nothing of a body is written",
        "http/multipart.py",
        "    reader = _FormReader(limits, held)\n",
        "    reader = _FormReader(limits, held)\n"
        "    __import__('tempfile').NamedTemporaryFile(delete=False).close()\n",
        "reliability/test_requests.py::test_forms_that_lie_are_refused[half-/v1/animations]",
    ),
    Guard(
        "file names of clients",
        "adapters/blob_names.py",
        "return _NAME.fullmatch(name) is not None",
        "return True",
        "adapters/test_blobs.py::test_a_name_that_is_none_is_missing",
    ),
    Guard(
        PHOTO,
        "photo/limits.py",
        "if width * height > self.max_pixels:",
        "if width * height > 10**15:",
        "photo/test_bad_files.py",
    ),
    Guard(
        PHOTO,
        "photo/limits.py",
        "if count > self.max_bytes:",
        "if count > 10**15:",
        "http/test_refusals.py::test_refuses_sizes_beyond_the_limits",
    ),
    Guard(
        PHOTO,
        "photo/signature.py",
        "if name not in limits.formats:",
        "if not limits.formats:",
        "photo/test_bad_files.py",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/worker.py",
        "    linux.no_new_privileges()\n",
        "",
        "jobs/test_supervise.py::test_a_job_gains_no_privileges_and_leaves_no_memory_image",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/worker.py",
        "    _limit(resource.RLIMIT_CORE, 0)\n",
        "",
        "jobs/test_supervise.py::test_a_job_gains_no_privileges_and_leaves_no_memory_image",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/worker.py",
        '    _limit(resource.RLIMIT_AS, occupied + limits["memory"])\n',
        "",
        "jobs/test_supervise.py::test_a_job_gains_no_privileges_and_leaves_no_memory_image",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/process.py",
        "if self._why is None and now >= deadline:",
        "if self._why is None and now >= deadline + 10**6:",
        "jobs/test_supervise.py::test_a_job_ends_at_its_deadline",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/worker.py",
        '    _limit(resource.RLIMIT_FSIZE, limits["file_size"])\n',
        "",
        "jobs/test_supervise.py::test_no_file_outgrows_its_limit",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/worker.py",
        '    _limit(resource.RLIMIT_CPU, limits["cpu_seconds"]',
        '    _limit(resource.RLIMIT_CPU, 10**6 + limits["cpu_seconds"]',
        "jobs/test_supervise.py::test_processor_time_runs_out_before_wall_time",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/worker.py",
        '    _limit(resource.RLIMIT_NOFILE, limits["open_files"])\n',
        "",
        "jobs/test_supervise.py::test_every_bad_end_has_its_code",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/process.py",
        "**{name: os.environ[name] for name in _PASSED_ON if name in os.environ},",
        "**os.environ,",
        "jobs/test_supervise.py::test_the_environments_secrets_are_no_business_of_a_job",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/sandbox.py",
        '    "socket": (41, 198),\n',
        "",
        "jobs/test_sandbox.py::test_a_job_has_neither_network_nor_other_programs",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/sandbox.py",
        '    "execve": (59, 221),\n',
        "",
        "jobs/test_sandbox.py::test_a_job_has_neither_network_nor_other_programs",
    ),
    Guard(
        PROCESS,
        "jobs/supervise/sandbox.py",
        "        if _libc.syscall(_RESTRICT_SELF, rules, 0) != 0:",
        "        if not rules:",
        "jobs/test_sandbox.py::test_a_job_sees_no_secret_no_other_job_and_no_environment",
    ),
    Guard(
        "a job's word is checked",
        "jobs/supervise/verdict.py",
        "if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size == 0:",
        "if found.st_size == 0:",
        "jobs/test_extras.py::test_a_job_can_not_publish_a_further_file_that_is_not_its_own",
    ),
    Guard(
        "begun at most three times",
        "jobs/model.py",
        "now >= self.deadline or self.attempts >= attempts",
        "now >= self.deadline",
        "reliability/test_kills.py"
        "::test_a_job_that_always_takes_the_service_along_is_begun_three_times",
    ),
    Guard(
        QUEUE,
        "jobs/accounts.py",
        "if standing.queued >= bounds.queue:",
        "if standing.queued >= 10**9:",
        "jobs/test_admission.py::test_the_queue_is_bounded",
    ),
    Guard(
        QUEUE,
        "jobs/accounts.py",
        "if limit is not None and standing.unfinished >= limit:",
        "if limit is not None and standing.unfinished >= 10**9:",
        "jobs/test_admission.py::test_a_key_may_have_only_so_many_unfinished_jobs",
    ),
    Guard(
        QUEUE,
        "jobs/accounts.py",
        "if available is not None and available < cost:",
        "if available is not None and available < -(10**9):",
        "jobs/test_admission.py::test_parallel_calls_can_not_overdraw",
    ),
    Guard(
        QUEUE,
        "jobs/rate.py",
        "if tokens < 1.0:",
        "if tokens < -1e9:",
        "http/test_keys.py::test_a_key_that_asks_too_often_is_told_when_to_come_back",
    ),
    Guard(
        "previews and mattes",
        "jobs/engine.py",
        "free = kind in FREE_KINDS",
        "free = False",
        "jobs/test_admission.py::test_what_is_free_neither_fills_the_queue_nor_comes_first",
    ),
    Guard(
        "previews and mattes",
        "jobs/engine.py",
        "self._runner.free_slots = max(1, slots - 1)",
        "self._runner.free_slots = None",
        "jobs/test_admission.py::test_what_is_free_leaves_a_slot_to_what_is_paid_for",
    ),
    Guard(
        "previews and mattes",
        "jobs/runner.py",
        "if run.free or not other.free]",
        "if other]",
        "jobs/test_engine.py::test_what_is_free_takes_no_processor_from_what_is_paid_for",
    ),
    Guard(
        "previews and mattes",
        "jobs/supervise/linux.py",
        "            OWN_GROUP.write_text(str(nice))",
        "            pass",
        "jobs/test_engine.py::test_what_is_free_takes_no_processor_from_what_is_paid_for",
    ),
    Guard(
        "previews and mattes",
        "jobs/supervise/spares.py",
        "elif self._latest < self._kept_until:",
        "elif self._latest < -1:",
        "jobs/test_spares.py::test_spares_are_kept_for_jobs_that_do_not_give_way",
    ),
    Guard(
        "previews and mattes",
        "http/native/asking.py",
        "if PRIORITIES[word] and not key.high_priority:",
        "if not PRIORITIES:",
        "http/test_fairness.py::test_only_a_key_with_the_right_may_hurry",
    ),
    Guard(
        "one job for one idempotency key",
        "jobs/accounts.py",
        "if earlier.fingerprint != job.fingerprint:",
        "if not job:",
        "adapters/test_store.py::test_an_idempotency_key_belongs_to_one_request_of_one_owner",
    ),
    Guard(
        KEYS,
        "jobs/keys.py",
        "hmac.compare_digest(stored.digest, digest) and stored.live(now)",
        "hmac.compare_digest(stored.digest, digest)",
        "jobs/test_keys.py::test_both_secrets_are_valid_while_a_key_rotates",
    ),
    Guard(
        KEYS,
        "jobs/keys.py",
        "if opened.revoked:",
        "if not opened:",
        "jobs/test_keys.py::test_a_revoked_key_is_closed_for_good",
    ),
    Guard(
        "another key's job",
        "jobs/engine.py",
        "if job is None or (key_id is not None and job.key_id != key_id):",
        "if job is None:",
        "reliability/test_access.py::test_another_keys_job_is_not_there",
    ),
    Guard(
        "links:",
        "adapters/links.py",
        'if not hmac.compare_digest(genuine, signature.encode("utf-8", "surrogatepass")):',
        "if not genuine:",
        "adapters/test_local_blobs.py::test_an_altered_link_opens_nothing",
    ),
    Guard(
        "links:",
        "adapters/links.py",
        "if self._clock() >= int(expires):",
        "if not expires:",
        "adapters/test_local_blobs.py::test_a_link_opens_its_blob_until_it_expires",
    ),
    Guard(
        NAMED,
        "http/guard.py",
        "if not allowed and not is_public(address):",
        "if not allowed and not address:",
        "http/native/test_guard.py::test_no_spelling_gets_inside",
    ),
    Guard(
        NAMED,
        "http/guard.py",
        "        for address in found:\n            self._check_address(target, address)\n"
        "        return found[0]",
        "        self._check_address(target, found[0])\n        return found[0]",
        "http/native/test_guard.py::test_a_name_is_refused_for_any_of_its_addresses",
    ),
    Guard(
        NAMED,
        "http/guard.py",
        "                str(address),\n                target.port,",
        "                target.host,\n                target.port,",
        "http/native/test_guard.py::test_a_name_is_resolved_once_and_that_address_is_asked",
    ),
    Guard(
        NAMED,
        "http/resolver.py",
        "async with asyncio.timeout(self._seconds):",
        "async with asyncio.timeout(None):",
        "http/native/test_guard.py::test_name_servers_that_are_silent_hold_up_nothing",
    ),
    Guard(
        "webhooks:",
        "http/native/courier.py",
        'return f"t={seconds},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"',
        'return f"t={seconds},v1={sha256(signed).hexdigest()}"',
        "http/native/test_webhooks.py::test_the_end_of_an_animation_is_told_until_it_is_heard",
    ),
    Guard(
        "webhooks:",
        "http/native/courier.py",
        "return INTERVAL if to_receiver >= OF_RECEIVER or of_key >= OF_KEY else 0.0",
        "return 0.0 if to_receiver or of_key else 0.0",
        "http/native/test_webhooks.py::test_a_receiver_that_is_silent_holds_up_nobody",
    ),
    Guard(
        PAGES,
        "http/static.py",
        '        "frame-ancestors": "\'none\'",\n',
        "",
        "web/test_static.py::test_the_page_may_load_its_own_files_only",
    ),
    Guard(
        PAGES,
        "http/pages.py",
        "; frame-ancestors 'none'",
        "",
        "web/test_static.py::test_the_page_may_load_its_own_files_only",
    ),
    Guard(
        "any error that was not foreseen",
        "http/boundary.py",
        'return codes()["SERVICE_INTERNAL_ERROR"].text',
        "return str(error)",
        "http/test_strangers.py::test_a_defect_is_one_sentence",
    ),
    Guard(
        "the log:",
        "http/boundary.py",
        '            "code": self.code,\n',
        '            "code": self.code,\n            "headers": self._scope["headers"],\n',
        "http/test_operation.py::test_a_request_is_logged_with_its_ids_and_no_secret",
    ),
    Guard(
        "files of the data folder",
        "adapters/local_blobs.py",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)",
        "adapters/test_local_blobs.py::test_files_are_private_and_a_half_written_one_is_swept",
    ),
    Guard(
        "files of the data folder",
        "adapters/local_blobs.py",
        "            root.chmod(0o700)\n",
        "",
        "adapters/test_local_blobs.py::test_files_are_private_and_a_half_written_one_is_swept",
    ),
    Guard(
        "results can be taken back",
        "jobs/engine.py",
        "        self._housekeeper.drop_result(job)\n",
        "",
        "http/test_fairness.py::test_deleting_a_finished_animation_takes_its_links_away",
    ),
    Guard(
        "loopback unless",
        "settings/table.py",
        '"server", "127.0.0.1", "Address to listen on',
        '"server", "0.0.0.0", "Address to listen on',
        "http/test_settings.py",
    ),
    Guard(
        "a clock that is set",
        "jobs/engine.py",
        "SteadyClock() if clock is time.time else clock",
        "clock",
        "http/test_clock.py::test_jobs_that_wait_and_run_are_done",
    ),
    Guard(
        "signed requests",
        "http/acs/access.py",
        "if not any(claim.signed_by(secret) for secret in secrets):",
        "if not secrets:",
        "http/acs/test_requests.py::test_a_request_is_refused",
    ),
    Guard(
        "signed requests",
        "http/acs/access.py",
        "if abs(date.timestamp() - now) > WINDOW:",
        "if not date:",
        "http/acs/test_requests.py::test_a_request_is_refused",
    ),
    Guard(
        "signed requests",
        "http/acs/access.py",
        "if not await run_in_threadpool(ring.use_nonce, claim.access_id, nonce, NONCE_SECONDS):",
        "if not nonce:",
        "http/acs/test_requests.py::test_a_nonce_counts_once",
    ),
    Guard(
        "files of clients that sign",
        "http/acs/uploads.py",
        'if not hmac.compare_digest(genuine, signature.encode(errors="replace")):',
        "if not genuine:",
        "http/acs/test_uploads.py",
    ),
    Guard(
        "files of clients that sign",
        "http/acs/uploads.py",
        'if key.access is None or not object_key.startswith(f"{key.access.id}/"):',
        "if key.access is None:",
        "http/acs/test_uploads.py",
    ),
    Guard(
        ADDRESSES,
        "http/loop/signers.py",
        "if hmac.compare_digest(digest, given):",
        "if digest or given:",
        "http/test_loop_addresses.py::test_a_signature_is_of_one_address_and_one_key",
    ),
    Guard(
        ADDRESSES,
        "http/loop/route.py",
        "asked.expires <= service.engine.clock()",
        "asked.expires < 0",
        "http/test_loop_addresses.py::test_an_address_ends_when_it_says",
    ),
    Guard(
        ADDRESSES,
        "http/loop/route.py",
        "    if not sources:\n        return ()\n",
        "",
        "http/test_loop_addresses.py::test_it_is_off_unless_sources_are_named",
    ),
    Guard(
        ADDRESSES,
        "http/loop/results.py",
        "if isinstance(found, Job):",
        "if isinstance(found, str):",
        "http/test_loop_addresses.py::test_the_same_however_written_is_one_job",
    ),
    Guard(
        SOURCES,
        "http/loop/route.py",
        "if not self._sources.allow(asked.source):",
        "if not asked.source:",
        "http/test_loop_addresses.py::test_other_sources_are_not_asked[/secret/a.jpg]",
    ),
    Guard(
        SOURCES,
        "http/loop/sources.py",
        "if _DOTS.search(unquote(urlsplit(url).path)):",
        "if not url:",
        "http/test_loop_addresses.py::test_other_sources_are_not_asked[/photos/../secret/a.jpg]",
    ),
    Guard(
        SOURCES,
        "http/guard.py",
        "if not allowed(url):",
        "if not url:",
        "http/test_loop_addresses.py::test_a_redirect_does_not_lead_out",
    ),
    Guard(
        "disk full",
        "jobs/vitals.py",
        "return [*self.workspace.problems(), *self._of_store(), *self._of_blobs()]",
        "return []",
        "reliability/test_troubles.py::test_a_locked_database",
    ),
)


def names_of_tests(text: str) -> set[str]:
    """The names of the tests that a test file defines."""
    return set(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))
