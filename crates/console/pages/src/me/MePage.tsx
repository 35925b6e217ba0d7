// Who I am here, my password, and how I like things written.
import { Button } from "@mantine/core";
import { useState } from "react";
import { useSession } from "../api/session";
import { t, tWord } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Fact, Facts } from "../ui/Facts";
import { Headline, Page, Section } from "../ui/Page";
import { useAddress } from "../ui/useAddress";
import { BecomePerson } from "./BecomePerson";
import { PasswordForm } from "./PasswordForm";
import { PreferenceChoices } from "./PreferenceChoices";

function Password() {
  const { has_password } = useSession();
  const [search, change] = useAddress();
  const [changed, setChanged] = useState(false);
  if (search.get("change") === "password") {
    const close = () => change({ change: null });
    return (
      <PasswordForm
        leave={t("action.cancel")}
        onDone={() => {
          setChanged(true);
          close();
        }}
        onLeave={close}
      />
    );
  }
  return (
    <>
      <p className="quiet" role="status">
        {changed ? t("me.password_changed") : !has_password && t("me.password_none")}
      </p>
      <Button variant="default" onClick={() => change({ change: "password" })}>
        {t(has_password ? "me.password_change" : "me.password_choose")}
      </Button>
    </>
  );
}

export default function MePage() {
  const { name, role, expires_at, person_id, may_become_person } = useSession();
  return (
    <Page>
      <Headline title={name}>
        <p>{t(`people.may.${role}`)}</p>
      </Headline>
      <Section title={t("me.session")}>
        <Facts>
          <Fact name={t("me.role")}>{tWord("role", role)}</Fact>
          {expires_at && (
            <Fact name={t("me.until")}>
              <AgoExact at={expires_at} />
            </Fact>
          )}
        </Facts>
        {person_id === null && <p className="quiet">{t(may_become_person ? "me.session_link" : "me.session_token")}</p>}
      </Section>
      {may_become_person && (
        <Section title={t("me.become")}>
          <p className="quiet">{t("welcome.person_how")}</p>
          <BecomePerson />
        </Section>
      )}
      {person_id !== null && (
        <Section title={t("me.password")}>
          <Password />
        </Section>
      )}
      <Section title={t("me.choices")}>
        <PreferenceChoices />
      </Section>
    </Page>
  );
}
