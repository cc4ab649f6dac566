/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/writer.h"

#define COMPONENT "interlude"
#define CUT_MARK  "..."

/* The message, cut where it is too long. New. */
static json_t *message_json(const char *message)
{
    if (strlen(message) <= EVENT_MESSAGE_MAX) {
        return writer_text(message);
    }
    size_t len = str_utf8_len(message, EVENT_MESSAGE_MAX - strlen(CUT_MARK));
    CLEANUP(mem_free_text) char *cut = xasprintf("%.*s%s", (int)len, message, CUT_MARK);
    return writer_text(cut);
}

json_t *event_build(const struct event *event)
{
    json_t *metadata = json_object();
    write_text(metadata, "name", event->name);
    write_text(metadata, "namespace", event->about->ns);

    json_t *involved = json_object();
    write_text(involved, "apiVersion", event->api_version);
    write_text(involved, "kind", event->kind);
    write_text(involved, "namespace", event->about->ns);
    write_text(involved, "name", event->about->name);
    write_text(involved, "uid", event->about->uid);

    json_t *object = json_object();
    write_text(object, "apiVersion", "v1");
    write_text(object, "kind", "Event");
    (void)json_object_set_new(object, "metadata", metadata);
    (void)json_object_set_new(object, "involvedObject", involved);
    write_text(object, "type", event->is_warning ? "Warning" : "Normal");
    write_text(object, "reason", event->reason);
    (void)json_object_set_new(object, "message", message_json(str_or_empty(event->message)));
    (void)json_object_set_new(object, "source", writer_pair("component", writer_text(COMPONENT)));
    write_text(object, "reportingComponent", COMPONENT);
    write_text(object, "reportingInstance", str_or_empty(event->instance));
    write_time(object, "firstTimestamp", event->at_s);
    write_time(object, "lastTimestamp", event->at_s);
    write_number(object, "count", 1);
    return object;
}
