package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Changes what is named; the rest stays.
func (c *center) adjust(request struct {
	AreasPerReply *int  `json:"areasPerReply"`
	QuiesceFaults *int  `json:"quiesceFaults"`
	Full          *bool `json:"full"`
	KeepFiles     *bool `json:"keepFiles"`
	LeasesAtHost  *bool `json:"leasesAtHost"`
	// Of ExportSnapshot, after its lease was made.
	ExportReplyMs *int `json:"exportReplyMs"`
	// Of files of datastores, to the user; a host gives them to tickets still.
	FoldersRefused *bool `json:"foldersRefused"`
	// Of the user, of what the calls of backups and restores want; none named is all.
	Privileges *[]string `json:"privileges"`
	// Of leases from then on.
	LeaseTimeoutSeconds *int64 `json:"leaseTimeoutSeconds"`
	// `sesparse` or `cowd`.
	Deltas *string `json:"deltas"`
	// Of the automation API: `all`, `rest` (as vCenter to 7.0 U1), `api` or `none`.
	AutomationPaths *string `json:"automationPaths"`
	// Of the user to tags: `all`, `read` or `none`.
	TagRights *string `json:"tagRights"`
}) (any, error) {
	c.automation.adjust(request.AutomationPaths, request.TagRights)
	c.mu.Lock()
	defer c.mu.Unlock()
	if request.Deltas != nil && deltaFormats[*request.Deltas] == nil {
		return nil, fmt.Errorf("there are no deltas of %q", *request.Deltas)
	}
	if request.Deltas != nil {
		c.settings.deltas = deltaFormats[*request.Deltas]
	}
	set(&c.settings.areasPerReply, request.AreasPerReply)
	set(&c.settings.quiesceFaults, request.QuiesceFaults)
	set(&c.settings.full, request.Full)
	set(&c.settings.keepFiles, request.KeepFiles)
	set(&c.settings.leasesAtHost, request.LeasesAtHost)
	set(&c.settings.foldersRefused, request.FoldersRefused)
	set(&c.settings.privileges, request.Privileges)
	if request.ExportReplyMs != nil {
		c.settings.exportReply = time.Duration(*request.ExportReplyMs) * time.Millisecond
	}
	if request.LeaseTimeoutSeconds != nil {
		c.setLeaseTimeout(*request.LeaseTimeoutSeconds)
	}
	return nil, nil
}

func set[Value any](setting, wanted *Value) {
	if wanted != nil {
		*setting = *wanted
	}
}

// Replaces all faults of transfers.
func (c *center) setTransferFaults(faults transferFaults) (any, error) {
	c.transfers.mu.Lock()
	defer c.transfers.mu.Unlock()
	c.transfers.faults = faults
	return nil, nil
}

// What was transferred since this was asked for last.
func (c *center) takeTransferCount(struct{}) (any, error) {
	c.transfers.mu.Lock()
	defer c.transfers.mu.Unlock()
	count := c.transfers.count
	c.transfers.count = transferCount{}
	return count, nil
}

// Ends all sessions of clients, as an administrator or their time-out does. Says how many.
func (c *center) expireSessions(struct{}) (any, error) {
	ctx, client := context.Background(), c.client()
	manager := *c.content.SessionManager
	var found mo.SessionManager
	if err := property.DefaultCollector(client).RetrieveOne(ctx, manager, []string{"sessionList"}, &found); err != nil {
		return nil, err
	}
	keys := make([]string, len(found.SessionList))
	for i, session := range found.SessionList {
		keys[i] = session.Key
	}
	_, err := methods.TerminateSession(ctx, client, &types.TerminateSession{This: manager, SessionId: keys})
	return len(keys), err
}

// How many leases are held.
func (c *center) countLeases(struct{}) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.leases), nil
}

// Ends all leases as their time-out does. Says how many.
func (c *center) expireLeases(struct{}) (any, error) {
	c.mu.Lock()
	held := slices.Collect(maps.Values(c.leases))
	c.mu.Unlock()
	for _, lent := range held {
		c.expire(lent)
	}
	return len(held), nil
}
