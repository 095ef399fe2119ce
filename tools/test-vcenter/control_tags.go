package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
	vapi "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// Runs with govmomi's own client of tags, which knows nothing of ours.
func (c *center) withTags(run func(context.Context, *tags.Manager) (any, error)) (any, error) {
	var result any
	err := vapi.WithClient(*c.address, func(ctx context.Context, client *vim25.Client) (err error) {
		session := rest.NewClient(client)
		if err = session.Login(ctx, c.address.User); err != nil {
			return err
		}
		defer func() { _ = session.Logout(ctx) }()
		result, err = run(ctx, tags.NewManager(session))
		return err
	})
	return result, err
}

func (c *center) machineCalled(name string) (types.ManagedObjectReference, error) {
	for _, entity := range c.registry.All("VirtualMachine") {
		if vm, ok := entity.(*simulator.VirtualMachine); ok && vm.Name == name {
			return vm.Self, nil
		}
	}
	return types.ManagedObjectReference{}, fmt.Errorf("there is no machine %q", name)
}

// Makes a category and a tag of it where they are not there, and attaches the tag to a machine if one is named.
func (c *center) tag(request struct {
	Category string   `json:"category"`
	Name     string   `json:"name"`
	Machine  string   `json:"machine"`
	Single   bool     `json:"single"`
	Types    []string `json:"types"`
}) (any, error) {
	return c.withTags(func(ctx context.Context, manager *tags.Manager) (any, error) {
		category, err := manager.GetCategory(ctx, request.Category)
		if err != nil {
			made := &tags.Category{Name: request.Category, Cardinality: "MULTIPLE", AssociableTypes: request.Types}
			if request.Single {
				made.Cardinality = "SINGLE"
			}
			if made.ID, err = manager.CreateCategory(ctx, made); err != nil {
				return nil, err
			}
			category = made
		}
		id := ""
		if found, err := manager.GetTagForCategory(ctx, request.Name, category.ID); err == nil {
			id = found.ID
		} else if id, err = manager.CreateTag(ctx, &tags.Tag{Name: request.Name, CategoryID: category.ID}); err != nil {
			return nil, err
		}
		if request.Machine == "" {
			return id, nil
		}
		machine, err := c.machineCalled(request.Machine)
		if err != nil {
			return nil, err
		}
		return id, manager.AttachTag(ctx, id, machine)
	})
}

// The tags of a machine as govmomi's client tells them.
func (c *center) tagsOf(request struct {
	Machine string `json:"machine"`
}) (any, error) {
	machine, err := c.machineCalled(request.Machine)
	if err != nil {
		return nil, err
	}
	return c.withTags(func(ctx context.Context, manager *tags.Manager) (any, error) {
		attached, err := manager.GetAttachedTags(ctx, machine)
		if err != nil {
			return nil, err
		}
		told := []string{}
		for _, tag := range attached {
			category, err := manager.GetCategory(ctx, tag.CategoryID)
			if err != nil {
				return nil, err
			}
			told = append(told, category.Name+": "+tag.Name)
		}
		slices.Sort(told)
		return told, nil
	})
}

// What was asked of the automation API, by whomever, since this was asked last. Sessions that are open stay counted.
func (c *center) takeAutomationCount(struct{}) (any, error) {
	c.automation.mu.Lock()
	defer c.automation.mu.Unlock()
	count := c.automation.count
	c.automation.count = automationCount{Open: count.Open}
	return count, nil
}
