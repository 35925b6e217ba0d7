// Sends a push the way the provider would, and says what came of it.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { testPush } from "../api/calls";
import { useSession } from "../api/session";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { Section } from "../ui/Page";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { FIRST_RUN_KEY } from "./FirstRunOffer";
import css from "./welcome.module.css";

export function TestPush() {
  const { role } = useSession();
  const client = useQueryClient();
  const testing = useMutation({
    mutationFn: testPush,
    onSettled: () => client.invalidateQueries({ queryKey: FIRST_RUN_KEY }),
  });
  const answer = testing.data;
  return (
    <Section title={t("welcome.test")}>
      <p className="quiet">{t("welcome.test_how")}</p>
      {role === "admin" ? (
        <div className={form.buttons}>
          <Button variant={answer ? "default" : "filled"} loading={testing.isPending} onClick={() => testing.mutate()}>
            {t(answer ? "welcome.test_again" : "welcome.test_send")}
          </Button>
        </div>
      ) : (
        <p className="quiet">{t("welcome.test_admin")}</p>
      )}
      <div role="status" className={css.answer}>
        {answer && !testing.isPending && (
          <>
            <StateMark state={answer.ok ? "ok" : "silent"} />
            <div>
              <p>
                <Sentence text={answer.sentence} />
              </p>
              <p className="quiet">
                {answer.status === null
                  ? t("welcome.test_took_none", { ms: answer.took_ms })
                  : t("welcome.test_took", { status: String(answer.status), ms: answer.took_ms })}
              </p>
            </div>
          </>
        )}
      </div>
      {testing.error && <ErrorNote error={testing.error} />}
    </Section>
  );
}
