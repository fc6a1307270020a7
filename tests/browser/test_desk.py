"""What people at the desk do, in Chromium: every journey by its buttons, every page in light and dark, at 1280 and 320 px."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from desk_house import House
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
ASSESSED = ("low", "simple", "one", "single")


def test_a_conflict_of_interest_is_declared_and_refused(house: House) -> None:
    """The work goes back, the complaint is closed to them, and the refusal says why; a lead notes it for somebody else."""
    complaint, task = house.file("The engineer was rude to me at the door.")
    house.app.engine.claim(task.id, actor=house.people["henry"].actor)
    henry, lea = house.visit("henry"), house.visit("lea")
    house.open(henry, f"/complaints/{complaint.reference}")
    henry.get_by_text("I have a conflict of interest").click()
    house.look(henry)
    henry.get_by_label("Reason (optional)").first.fill("I know them")
    henry.get_by_label("I am sure").check()
    henry.get_by_role("button", name="Declare it").click()
    expect(henry.get_by_text("you cannot open it any more")).to_be_visible()
    assert house.holder(task) == ""
    henry.goto(f"{house.address}/complaints/{complaint.reference}")
    expect(henry.get_by_text("because they have a conflict of interest")).to_be_visible()
    house.look(henry)
    house.open(lea, f"/complaints/{complaint.reference}")
    lea.get_by_text("Change who may see it").click()
    lea.get_by_label("Person").select_option(label="Hanna")
    lea.get_by_label("What about them").select_option(label="The complaint is about them")
    lea.get_by_role("button", name="Note it").click()
    expect(lea.get_by_text("Hanna: The complaint is about them").first).to_be_visible()
    house.look(lea)
    hanna = house.visit("hanna")
    hanna.goto(f"{house.address}/tasks/{task.id}")
    expect(hanna.get_by_text("because the complaint is about them")).to_be_visible()


def test_a_task_is_delegated_and_returned(house: House) -> None:
    """It comes back to who delegated it; its follow-up date and priority are set on the way."""
    _, task = house.file("My parcel never came.")
    hanna, henry = house.visit("hanna"), house.visit("henry")
    house.open(hanna, f"/tasks/{task.id}")
    hanna.get_by_role("button", name="Take this task").click()
    hanna.get_by_text("Priority and follow-up date").click()
    hanna.get_by_label("Priority").select_option(label="Urgent")
    hanna.get_by_label("Come back to it on (optional)").fill((datetime.now(UTC) + timedelta(days=3)).date().isoformat())
    hanna.get_by_role("button", name="Save", exact=True).click()
    expect(hanna.get_by_text("The task is arranged.")).to_be_visible()
    hanna.get_by_text("Give it to somebody").click()
    house.look(hanna)
    hanna.get_by_label("Who shall do it?").select_option(label="Henry")
    hanna.get_by_role("button", name="Delegate").click()
    expect(hanna.get_by_text("given to Henry, to be returned")).to_be_visible()
    assert house.holder(task) == "henry"
    house.open(henry, f"/tasks/{task.id}")
    henry.get_by_role("button", name="Return it to Hanna").click()
    expect(henry.get_by_text("The task is given back")).to_be_visible()
    assert house.holder(task) == "hanna"
    house.open(hanna, "/inbox?list=mine")
    expect(hanna.get_by_text("rests until").first).to_be_visible()


def test_several_are_reassigned_after_a_look(house: House) -> None:
    """With the keyboard: x chooses, the preview says what happens and what does not, nothing before it is agreed to."""
    tasks = [house.file(f"Charged twice for ticket {number}.")[1] for number in (1, 2)]
    lea = house.visit("lea")
    house.open(lea, "/inbox?list=all&order=newest")
    for task in tasks:
        lea.locator(f"input[value='{task.id}']").check()
    lea.keyboard.press("a")
    house.look(lea)
    lea.get_by_label("Give them to").select_option(label="Henry")
    lea.get_by_role("button", name="Give", exact=True).click()
    expect(lea.get_by_role("heading", name="2 tasks: given to Henry")).to_be_visible()
    house.look(lea)
    assert [house.holder(task) for task in tasks] == ["", ""]
    lea.get_by_role("button", name="Do it").click()
    expect(lea.get_by_text("2 tasks are changed: given to Henry.")).to_be_visible()
    assert [house.holder(task) for task in tasks] == ["henry", "henry"]


def test_a_list_is_kept_and_shared(house: House) -> None:
    """Narrowed, kept under a name, and there for a colleague, who cannot remove it."""
    _, task = house.file("The heating failed again.")
    house.app.engine.arrange(task.id, actor=house.people["lea"].actor, priority=90)
    hanna, henry = house.visit("hanna"), house.visit("henry")
    hanna.goto(f"{house.address}/inbox?list=all")
    hanna.get_by_text("Narrow and sort").click()
    house.look(hanna)
    hanna.get_by_label("Priority").first.select_option(label="Urgent")
    hanna.get_by_role("button", name="Show", exact=True).click()
    expect(hanna.get_by_role("status").filter(has_text="narrowed or sorted")).to_be_visible()
    hanna.get_by_text("Narrow and sort").click()
    hanna.get_by_role("button", name="Keep it").click()
    expect(hanna.get_by_role("alert")).to_contain_text("Enter a name")
    house.look(hanna)
    hanna.get_by_label("Keep this list as").fill("Burning")
    hanna.get_by_label("Everybody who works on complaints sees it").check()
    hanna.get_by_role("button", name="Keep it").click()
    expect(hanna.get_by_text("The list “Burning” is kept for everybody.")).to_be_visible()
    house.look(hanna)
    henry.goto(f"{house.address}/inbox")
    henry.get_by_role("link", name="Burning").click()
    expect(henry.locator(f"input[value='{task.id}']")).to_be_visible()
    expect(henry.get_by_role("button", name="Remove the list")).to_have_count(0)
    hanna.get_by_role("button", name="Remove the list “Burning”").click()
    expect(hanna.get_by_text("The list is removed.")).to_be_visible()


def test_who_is_away_is_covered(house: House) -> None:
    """Said under one's own account; the colleague finds the work in a list of its own and gives it on; a lead sees it all."""
    _, task = house.file("Nobody answers the telephone.")
    house.app.engine.claim(task.id, actor=house.people["hanna"].actor)
    hanna, henry, lea = house.visit("hanna"), house.visit("henry"), house.visit("lea")
    house.open(hanna, "/account")
    today = datetime.now(UTC).date()
    hanna.get_by_label("First day away").fill((today - timedelta(days=1)).isoformat())
    hanna.get_by_label("Last day away").fill((today - timedelta(days=2)).isoformat())
    hanna.get_by_role("button", name="Note the absence").click()
    expect(hanna.get_by_role("alert")).to_contain_text("not before the first one")
    house.look(hanna)
    hanna.get_by_label("Last day away").fill((today + timedelta(days=5)).isoformat())
    hanna.get_by_label("Who does the work meanwhile").select_option(label="Henry")
    hanna.get_by_role("button", name="Note the absence").click()
    expect(hanna.get_by_text("The absence is noted.")).to_be_visible()
    henry.goto(f"{house.address}/inbox")
    henry.get_by_role("link", name=re.compile("For Hanna")).click()
    house.look(henry)
    expect(henry.locator(f"input[value='{task.id}']")).to_be_visible()
    house.open(lea, "/workload")
    expect(lea.get_by_text("covered by Henry").first).to_be_visible()
    house.open(lea, f"/workload/{house.people['hanna'].id}")
    lea.get_by_role("button", name=re.compile("Take back")).click()
    expect(lea.get_by_text("The absence is taken back.")).to_be_visible()


def test_search_shows_each_what_they_may_see(house: House) -> None:
    """A word deep in what was filed leads a lead to a confidential complaint, and a handler nowhere."""
    complaint, _ = house.file("It began with a small thing. The periwinkle vase was broken by your movers.")
    house.app.register.people.mark(complaint, confidential=True, actor=house.people["lea"].actor)
    for name, sees in (("lea", True), ("henry", False)):
        page = house.visit(name)
        page.goto(f"{house.address}/complaints")
        page.keyboard.press("Tab")
        page.get_by_label("Find a complaint").fill("periwinkle")
        page.keyboard.press("Enter")
        page.wait_for_load_state()
        if sees:
            expect(page).to_have_url(re.compile(complaint.reference))
            expect(page.get_by_text("Confidential").first).to_be_visible()
        else:
            expect(page.get_by_text("No complaints here.")).to_be_visible()
        house.look(page)


def test_two_people_on_one_task(house: House) -> None:
    """Each sees that the other is looking; the second to finish is told who was first and when, and keeps what they typed."""
    complaint, task = house.file("The invoice is wrong.")
    hanna, henry = house.visit("hanna"), house.visit("henry")
    house.open(hanna, f"/complaints/{complaint.reference}")
    henry.goto(f"{house.address}/complaints/{complaint.reference}")
    expect(henry.get_by_role("status").filter(has_text="Hanna is looking at this too")).to_be_visible()
    house.look(henry)
    for page in (hanna, henry):
        page.goto(f"{house.address}/tasks/{task.id}")
        for value in ASSESSED:
            page.locator(f"input[type=radio][value={value}]").first.check()
        page.locator("input[type=radio][value=yes]").last.check()
    henry.get_by_label("Note").fill("My careful words")
    hanna.locator("button[name=go][value=complete]").click()
    expect(hanna.get_by_role("heading", name="Done", exact=True)).to_be_visible()
    house.look(hanna)
    henry.locator("button[name=go][value=complete]").click()
    expect(henry.get_by_role("heading", name="Somebody else was faster")).to_be_visible()
    expect(henry.get_by_text("already done by Hanna (today")).to_be_visible()
    expect(henry.get_by_text("My careful words")).to_be_visible()
    house.look(henry)


def test_somebody_is_called_in_and_complaints_are_linked(house: House) -> None:
    """By @ in a comment; what says much the same is suggested, and linked by a person."""
    complaint, _ = house.file("The dishwasher door fell off after one week of careful use.", "Kim Doe")
    other, _ = house.file("After one week of careful use, the dishwasher door fell off its hinges.", "Pat Poe")
    hanna, lea = house.visit("hanna"), house.visit("lea")
    hanna.goto(f"{house.address}/complaints/{complaint.reference}")
    hanna.get_by_role("textbox", name="Comment").fill("Have you seen this, @leah?")
    hanna.get_by_role("button", name="Say it").click()
    expect(hanna.get_by_role("alert")).to_contain_text("Nobody here is called @leah")
    house.look(hanna)
    hanna.get_by_role("textbox", name="Comment").fill("Have you seen this, @lea?")
    hanna.get_by_role("button", name="Say it").click()
    expect(hanna.get_by_text("Have you seen this, @lea?")).to_be_visible()
    lea.goto(f"{house.address}/inbox")
    lea.get_by_role("link", name=re.compile("Called in")).click()
    house.look(lea)
    lea.get_by_role("link", name=complaint.reference).click()
    lea.get_by_role("link", name="Look for complaints that belong to it").click()
    house.look(lea)
    lea.get_by_role("button", name=f"Link {other.reference}").click()
    expect(lea.get_by_text(f"{other.reference} is linked.")).to_be_visible()
    house.look(lea)


def test_every_other_page_of_the_desk_and_its_administration(house: House) -> None:
    """Empty lists, refusals, what is not there, and an account's page with all it can hold."""
    _, task = house.file("The last one.")
    adam, ann, henry = house.visit("adam"), house.visit("ann"), house.visit("henry")
    account = house.people["henry"]
    house.app.accounts.add_competence(account.id, "devices", training="Two days")
    house.app.accounts.set_teams(account.id, ["North"])
    for path in ("/admin", f"/admin/accounts/{account.id}", "/admin/settings", "/admin/mail"):
        house.open(adam, path)
    adam.goto(f"{house.address}/admin/accounts/{account.id}")
    adam.get_by_text("Note a competence").click()
    adam.get_by_label("Competence").fill("no id!")
    adam.get_by_role("button", name="Note it").click()
    expect(adam.get_by_role("alert")).to_contain_text("A competence is an id")
    house.look(adam)
    lists = ("/inbox?list=mine&due=none", "/inbox?list=all", "/mentions", "/complaints?state=closed")
    for path in (*lists, f"/tasks/{task.id}", "/workload", "/nowhere"):
        house.open(henry, path)
    for path in ("/complaints", "/audit"):
        house.open(ann, path)
