"""Entity tags: nothing is sent twice, and nothing is changed unseen."""

from __future__ import annotations

import pytest

from tests.api.support import assert_problem, sft


def read(api, path, who=None, **headers):
    return api.call("GET", path, who, headers={name.replace("_", "-"): value for name, value in headers.items()})


def revise(api, example, tag, text="It is still disputed."):
    return api.call("POST", f"/v1/examples/{example}/revisions", "proposer", json=sft(text), headers={"If-Match": tag})


def test_every_json_document_has_a_tag_and_is_sent_once(api):
    api.propose()
    api.close_epoch()
    for path in ("/v1/examples", "/v1/topics", f"/v1/examples/{api.get('/v1/examples')['examples'][0]['id']}"):
        first = read(api, path)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = read(api, path, If_None_Match=given)
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert read(api, path, If_None_Match='"other"').content == first.content


def test_a_tag_changes_with_the_document_and_with_who_reads_it(api):
    example = api.propose()["id"]
    api.close_epoch()
    path = f"/v1/examples/{example}"
    public, own = read(api, path), read(api, path, "proposer")
    assert public.headers["etag"] != own.headers["etag"]
    revise(api, example, own.headers["etag"])
    assert read(api, path).headers["etag"] == public.headers["etag"], "a pending act shows in a public tag"
    assert read(api, path, "proposer").headers["etag"] != own.headers["etag"]


def test_problems_and_other_files_have_no_tag(api):
    api.close_epoch()
    assert "etag" not in read(api, "/v1/examples/ex_aaaaaaaaaaaaaaaa").headers
    assert "etag" not in read(api, "/log/checkpoint").headers


def test_what_changed_since_it_was_read_is_not_changed_again(api):
    example = api.propose()["id"]
    tag = read(api, f"/v1/examples/{example}", "proposer").headers["etag"]
    assert revise(api, example, tag).status_code == 201
    assert_problem(revise(api, example, tag, "A third text."), 412, "changed-since", says="changed since")
    withdrawal = api.call(
        "POST",
        f"/v1/examples/{example}/withdrawal",
        "proposer",
        json={"reason": "error"},
        headers={"If-Match": tag},
    )
    assert_problem(withdrawal, 412, "changed-since")
    assert len(api.get(f"/v1/examples/{example}", "proposer")["revisions"]) == 2


def test_any_tag_will_do_where_the_header_says_so(api):
    example = api.propose()["id"]
    assert revise(api, example, "*").status_code == 201


def test_a_weak_tag_never_matches(api):
    example = api.propose()["id"]
    tag = read(api, f"/v1/examples/{example}", "proposer").headers["etag"]
    assert_problem(revise(api, example, f"W/{tag}"), 412, "changed-since")


@pytest.mark.parametrize("given", ["5d41402a", '"open', "a, b"])
def test_a_header_that_is_no_list_of_tags_is_an_error_of_the_header(api, given):
    example = api.propose()["id"]
    assert_problem(revise(api, example, given), 400, "bad-header", says="If-Match")
