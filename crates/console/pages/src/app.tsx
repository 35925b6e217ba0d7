// The application: providers, the frame around every view, and which address shows which view.
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { BrowserRouter, Outlet, Route, Routes } from "react-router";
import { ApiError } from "./api/client";
import { SESSION_KEY, SessionGate } from "./api/session";
import { FleetPage } from "./fleet/FleetPage";
import { MePage } from "./me/MePage";
import { MessagesPage } from "./messages/MessagesPage";
import { OutgoingPage } from "./outgoing/OutgoingPage";
import { PeoplePage } from "./people/PeoplePage";
import { ProblemsPage } from "./problems/ProblemsPage";
import { PasswordPage } from "./signin/PasswordPage";
import { SignInPage } from "./signin/SignInPage";
import { SystemPage } from "./system/SystemPage";
import { t } from "./text/text";
import { theme, variables } from "./theme";
import { Empty } from "./ui/Empty";
import { Frame } from "./ui/Frame";
import { lookManager } from "./ui/preferences";
import { WelcomePage } from "./welcome/WelcomePage";

const DevicePage = lazy(() => import("./device/DevicePage"));

const client: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: false,
      staleTime: 10_000,
    },
  },
});
client.getQueryCache().subscribe((event) => {
  const error = event.type === "updated" && event.action.type === "error" ? event.action.error : null;
  const ofSession = event.query.queryKey[0] === SESSION_KEY[0];
  if (error instanceof ApiError && error.status === 401 && !ofSession)
    void client.resetQueries({ queryKey: SESSION_KEY });
});

function Inside() {
  return (
    <SessionGate>
      <Frame>
        <Outlet />
      </Frame>
    </SessionGate>
  );
}

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} colorSchemeManager={lookManager}>
      <QueryClientProvider client={client}>
        <BrowserRouter>
          <Routes>
            <Route path="/sign-in" element={<SignInPage />} />
            <Route
              path="/sign-in/password"
              element={
                <SessionGate>
                  <PasswordPage />
                </SessionGate>
              }
            />
            <Route element={<Inside />}>
              <Route path="/" element={<FleetPage />} />
              <Route
                path="/devices/:id"
                element={
                  <Suspense>
                    <DevicePage />
                  </Suspense>
                }
              />
              <Route path="/messages" element={<MessagesPage />} />
              <Route path="/problems" element={<ProblemsPage />} />
              <Route path="/outgoing" element={<OutgoingPage />} />
              <Route path="/system" element={<SystemPage />} />
              <Route path="/people" element={<PeoplePage />} />
              <Route path="/welcome" element={<WelcomePage />} />
              <Route path="/me" element={<MePage />} />
              <Route path="*" element={<Empty title={t("page.none")}>{t("page.none_help")}</Empty>} />
            </Route>
          </Routes>
        </BrowserRouter>
      </QueryClientProvider>
    </MantineProvider>
  );
}
