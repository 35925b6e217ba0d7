// An error as a sentence: what happened, what to do, and the request id to quote.

import { Button } from "@mantine/core";
import { ApiError } from "../api/client";
import { t } from "../text/text";
import { Copyable } from "./Copyable";
import css from "./note.module.css";
import { Sentence } from "./Sentence";
import { StateMark } from "./StateMark";

export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div className={css.note} role="alert">
      <StateMark state="silent" />
      <div>
        <p>
          <Sentence text={known?.sentence ?? t("error.page")} />
        </p>
        {known?.requestId && (
          <p className="quiet">
            {t("error.request")} <Copyable text={known.requestId} mono />
            {known.code && <> · {known.code}</>}
          </p>
        )}
      </div>
      {retry && (
        <Button variant="default" size="xs" onClick={retry}>
          {t("action.retry")}
        </Button>
      )}
    </div>
  );
}
